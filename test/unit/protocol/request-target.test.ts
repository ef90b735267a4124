import { describe, expect, it } from 'vitest';
import { readTarget } from '../../../src/protocol/request-target.js';

describe('readTarget', () => {
  it.each([
    ['/ws/agent', undefined, '/ws/agent'],
    ['/ws/agent?a=1#b', undefined, '/ws/agent'],
    ['http://host:80/ws/agent?a=1', 'host:80', '/ws/agent'],
    ['HTTPS://host/ws', 'host', '/ws'],
    ['ws://host/ws', 'host', '/ws'],
    ['wss://[::1]:1/ws', '[::1]:1', '/ws'],
    ['http://host', 'host', '/'],
    ['http://host?a', 'host', '/'],
    // No host, no absolute form: such a path is nobody's.
    ['http:///ws/agent', undefined, 'http:///ws/agent'],
    ['//host/ws', undefined, '//host/ws'],
    ['*', undefined, '*'],
    ['', undefined, ''],
  ])('%s', (url, authority, path) => {
    expect(readTarget(url)).toMatchObject({ authority, path });
  });

  it.each([
    ['/ws/agent', ''],
    ['/ws/agent?', ''],
    ['/ws/agent?a=1&b=%20?c#d?e', 'a=1&b=%20?c'],
    ['/ws/agent#a?b', ''],
    ['http://host?a', 'a'],
  ])('%s has the query "%s"', (url, query) => {
    expect(readTarget(url).query).toBe(query);
  });
});
