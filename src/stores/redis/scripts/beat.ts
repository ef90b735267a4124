import { Script } from '../script.js';
import { TIME } from './prelude.js';

/**
 * Tells that a node lives. Arguments: the node, and what it says of itself. Answers what all nodes say, the id of the
 * last entry in the control log, whether the node was unknown, and the time in milliseconds.
 */
export const BEAT = new Script(
  'beat',
  `${TIME}
local is_new = redis.call('HSET', KEYS[1] .. 'nodes', ARGV[1], ARGV[2])
local last = redis.call('XREVRANGE', KEYS[1] .. 'control', '+', '-', 'COUNT', 1)
return { redis.call('HGETALL', KEYS[1] .. 'nodes'), last[1] and last[1][1] or '0-0', is_new, math.floor(micros() / 1000) }
`,
);

/** Forgets a dead node, unless it has beaten since. Arguments: the node, and what it said last. Returns 1 if it did. */
export const FORGET_NODE = new Script(
  'forget-node',
  `
if redis.call('HGET', KEYS[1] .. 'nodes', ARGV[1]) == ARGV[2] then
  return redis.call('HDEL', KEYS[1] .. 'nodes', ARGV[1])
end
return 0
`,
);
