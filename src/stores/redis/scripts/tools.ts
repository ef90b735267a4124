import { Script } from '../script.js';

/**
 * Begins a tool call. Arguments: run, node, call, token of the attempt. Returns `new`, `started`, `settled`, or `fenced` if
 * another node executes the run. A repeated attempt with its token finds its own begin.
 */
export const BEGIN_TOOL = new Script(
  'begin_tool',
  `
local run, node, call, token = unpack(ARGV)
local host = redis.call('HGET', KEYS[1] .. 'r:' .. run, 'host')
if host and host ~= node then return 'fenced' end
local key = KEYS[1] .. 't:' .. run
if redis.call('HSETNX', key, call, token) == 1 then return 'new' end
local known = redis.call('HGET', key, call)
if known == token then return 'new' end
return known == '' and 'settled' or 'started'`,
);

/** Records that the outcome of a tool call is known. Arguments: run, call. */
export const SETTLE_TOOL = new Script(
  'settle_tool',
  `
local key = KEYS[1] .. 't:' .. ARGV[1]
if redis.call('HEXISTS', key, ARGV[2]) == 1 then redis.call('HSET', key, ARGV[2], '') end
return 1`,
);

/** Forgets the tool calls of a run. Argument: run. */
export const FORGET_TOOLS = new Script('forget_tools', `return redis.call('DEL', KEYS[1] .. 't:' .. ARGV[1])`);
