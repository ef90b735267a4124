import { describe, expect, it } from 'vitest';
import { nearest } from '../../../src/protocol/nearest.js';

const OPTIONS = ['maxConnections', 'heartbeatIntervalMs', 'path', 'logger', 'provider', 'tools'];

describe('nearest', () => {
  it.each([
    ['maxConnection', 'maxConnections'],
    ['maxConections', 'maxConnections'],
    ['max_connections', 'maxConnections'],
    ['MAX-CONNECTIONS', 'maxConnections'],
    ['heartbeatInterval', 'heartbeatIntervalMs'],
    ['paht', 'path'],
    ['tool', 'tools'],
    ['porvider', 'provider'],
    ['lodger', 'logger'],
  ])('of %s is %s', (name, meant) => {
    expect(nearest(name, OPTIONS)).toBe(meant);
  });

  it.each(['colour', '', 'x', 'socket', 'aaaaaaaaaaaaaaaaaaaaaaaaaaa'])('is none for %s', (name) => {
    expect(nearest(name, OPTIONS)).toBeUndefined();
  });

  it('is the one with the fewest wrong letters, and the first of equals', () => {
    expect(nearest('model', ['modes', 'models', 'model'])).toBe('model');
    expect(nearest('abcd', ['abce', 'abcf'])).toBe('abce');
  });
});
