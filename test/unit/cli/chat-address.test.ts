import { expect, it } from 'vitest';
import { endpointOf } from '../../../src/cli/chat.js';

it.each([
  ['http://host:8103', 'http://host:8103/ws/agent'],
  ['https://host/', 'https://host/ws/agent'],
  ['wss://host', 'wss://host/ws/agent'],
  ['host:8103', 'ws://host:8103/ws/agent'],
  ['ws://host/', 'ws://host/'],
  ['ws://host/mine', 'ws://host/mine'],
  ['http://host/?x', 'http://host/?x'],
  ['host:1/mine', 'ws://host:1/mine'],
])('%s is the endpoint %s', (written, endpoint) => {
  expect(endpointOf(written)).toBe(endpoint);
});
