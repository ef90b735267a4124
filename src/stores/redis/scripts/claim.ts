import { Script } from '../script.js';
import { RECORD, TIME, WAKES } from './prelude.js';

/**
 * Claims the id of a run.
 *
 * Arguments: run, owner, conversation or nothing, payer, node that becomes the host or nothing, node that asks, expected
 * epoch, token of the attempt, meta, hash of the request, options, work or nothing, what to do if the conversation is busy,
 * most runs of the owner, most runs of the conversation, names of owner and run. A
 * repeated attempt with its token finds its own claim.
 *
 * Returns `created` with the number of runs before it, why it is to be stopped, the runs that it interrupts and how many
 * other runs the owner has; `known` with the record, `expired` with the hash of the request, `busy`, `full` with the bound,
 * or `lost` with the epoch.
 */
export const CLAIM = new Script(
  'claim',
  `${WAKES}${RECORD}${TIME}
local base = KEYS[1]
local run, owner, conversation, payer, host, node, epoch, token = unpack(ARGV, 1, 8)
local meta, hash, options, work, when_busy, most, most_in_line, name, id = unpack(ARGV, 9, 17)
local current = redis.call('GET', base .. 'epoch')
if current ~= epoch then return { 'lost', current } end
local key, line = base .. 'r:' .. run, base .. 'line:' .. conversation
local known = redis.call('HMGET', key, 'token', 'at', 'stop', 'host')
local rank = redis.call('SCARD', base .. 'own:' .. owner)
if known[1] == token and known[4] == host then
  local before = when_busy == 'interrupt' and tonumber(known[2]) > 0 and redis.call('LRANGE', line, 0, known[2] - 1) or {}
  return { 'created', known[2], known[3], before, rank - 1 }
end
if known[4] then return { 'known', record(base, run) } end
local ended = redis.call('GET', base .. 'id:' .. run)
if ended then return { 'expired', ended } end
if rank >= tonumber(most) then return { 'full', 'owner' } end
local at, before = 0, {}
if conversation ~= '' then
  at = redis.call('LLEN', line)
  if at > 0 and when_busy == 'reject' then return { 'busy' } end
  if at >= tonumber(most_in_line) then return { 'full', 'conversation' } end
  if when_busy == 'interrupt' then before = redis.call('LRANGE', line, 0, -1) end
  redis.call('RPUSH', line, run)
  for _, watcher in ipairs(redis.call('HKEYS', base .. 'watch:' .. conversation)) do
    if watcher ~= node then wake(watcher, 'c' .. base .. run) end
  end
end
redis.call('HSET', key, 'meta', meta, 'owner', name, 'id', id, 'hash', hash, 'state', 'accepted', 'host', host, 'gen', 1, 'token', token,
  'at', at, 'o', owner, 'c', conversation, 'p', payer, 'options', options)
if work ~= '' then redis.call('HSET', key, 'work', work) end
local stop = redis.call('GET', base .. 'tomb:' .. run)
if stop then
  redis.call('HSET', key, 'stop', stop)
  redis.call('DEL', base .. 'tomb:' .. run)
end
redis.call('HSET', base .. 'live', run, host)
redis.call('SADD', base .. 'own:' .. owner, run)
redis.call('ZADD', base .. 'runs:' .. owner, micros(), run)
return { 'created', at, stop or false, before, rank }`,
);
