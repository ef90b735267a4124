import { OnceScript, Script } from '../script.js';
import { WAKE } from '../wakes.js';
import { WAKES } from './prelude.js';

/** What an event takes besides its text, in bytes, roughly. */
const EVENT_BYTES = 120;

/**
 * Keys of a room, after the base of its partition:
 *
 * | key | type | what |
 * | - | - | - |
 * | `room:<room>` | hash | epoch, payer, newest `seq`, bytes, number of changes of the members |
 * | `re:<room>` | stream | events: id `<seq>-0`, fields `t` for the time, `b` for the body, `k` for the identity and `a` for the token of the attempt |
 * | `rk:<room>` | hash | identity of an event → `seq` |
 * | `rn:<room>` | hash | nodes that have the room open |
 * | `rm:<room>` | hash | `<node> <member>` → `<number of the change> <member as JSON>` |
 *
 * They live as long as an event, or until the next look of a node that has the room open. The first arguments of each
 * script are: node, room.
 */
const ROOM = `${WAKES}
local base, node, q = KEYS[1], ARGV[1], ARGV[2]
local info, log, seqs = base .. 'room:' .. q, base .. 're:' .. q, base .. 'rk:' .. q
local nodes, members = base .. 'rn:' .. q, base .. 'rm:' .. q
local function wakeOthers(text)
  for _, other in ipairs(redis.call('HKEYS', nodes)) do
    if other ~= node then wake(other, text) end
  end
end
local function tell(of, changed)
  local change = redis.call('HINCRBY', info, 'changes', 1)
  wakeOthers('${WAKE.members}' .. q .. change .. ' ' .. of .. ' ' .. changed)
  return change
end
local function isLost(epoch, after)
  local known, head = unpack(redis.call('HMGET', info, 'epoch', 'head'))
  return known ~= epoch or tonumber(head) < tonumber(after or 0)
end
local function unlink()
  redis.call('UNLINK', info, log, seqs, nodes, members)
end
local function keep(ms)
  for _, key in ipairs({ info, log, seqs, nodes, members }) do redis.call('PEXPIRE', key, ms) end
end
local function trim(events, most, oldest, first)
  local count, bytes = redis.call('XLEN', log), tonumber(redis.call('HGET', info, 'bytes'))
  while count > 0 do
    local entry = redis.call('XRANGE', log, '-', '+', 'COUNT', 1)[1]
    local seq, fields = tonumber(string.match(entry[1], '^%d+')), entry[2]
    local isSurplus = count > events or (bytes > most and count > 1) or seq < first
    if not isSurplus and tonumber(fields[2]) > oldest then break end
    redis.call('XDEL', log, entry[1])
    redis.call('HDEL', seqs, fields[6])
    count, bytes = count - 1, bytes - #fields[4] - ${EVENT_BYTES}
  end
  redis.call('HSET', info, 'bytes', bytes)
end
`;

/**
 * Opens a room, or makes it. One that nobody has open begins anew if all its events are too old. Further arguments: epoch of
 * a new room, payer, oldest time of an event, how long to keep the room. Returns epoch, newest `seq`, events, number of
 * changes of the members, members, and number of the write.
 */
export const OPEN_ROOM = new Script(
  'open_room',
  `${ROOM}
local newest = redis.call('XREVRANGE', log, '+', '-', 'COUNT', 1)[1]
if redis.call('HLEN', nodes) == 0 and not (newest and tonumber(newest[2][2]) > tonumber(ARGV[5])) then unlink() end
if redis.call('HSETNX', info, 'epoch', ARGV[3]) == 1 then
  redis.call('HSET', info, 'payer', ARGV[4], 'head', 0, 'bytes', 0, 'changes', 0)
end
local u = redis.call('INCR', base .. 'writes')
redis.call('HSET', info, 'u', u)
redis.call('HSET', nodes, node, 1)
keep(ARGV[6])
local epoch, head, changes = unpack(redis.call('HMGET', info, 'epoch', 'head', 'changes'))
local events = redis.call('XRANGE', log, '-', '+')
return { epoch, tonumber(head), events, tonumber(changes), redis.call('HGETALL', members), u }`,
);

/**
 * Adds an event, unless one with its identity is there, and wakes the other nodes. Further arguments: epoch, newest `seq`
 * that the node has, identity or nothing, time, body, oldest time of an event, maximum number of events, of bytes, how
 * long to keep the room, token of the attempt. Returns `seq`, the events that the node does not have, and 1 if the event was
 * there; nothing if the room is lost. A repeated attempt with its token finds its own event.
 */
export const APPEND_EVENT = new Script(
  'append_event',
  `${ROOM}
if isLost(ARGV[3], ARGV[4]) then return false end
local after, key = tonumber(ARGV[4]), ARGV[5]
local known = key ~= '' and redis.call('HGET', seqs, key)
if known then
  local entry = redis.call('XRANGE', log, known, known)[1]
  local isRepeated = not (entry and entry[2][8] == ARGV[12])
  return { tonumber(known), redis.call('XRANGE', log, after + 1, '+'), isRepeated and 1 or 0 }
end
local seq = redis.call('HINCRBY', info, 'head', 1)
local missed = {}
if after + 1 < seq then missed = redis.call('XRANGE', log, after + 1, seq - 1) end
redis.call('XADD', log, seq .. '-0', 't', ARGV[6], 'b', ARGV[7], 'k', key, 'a', ARGV[12])
if key ~= '' then redis.call('HSET', seqs, key, seq) end
redis.call('HINCRBY', info, 'bytes', #ARGV[7] + ${EVENT_BYTES})
trim(tonumber(ARGV[9]), tonumber(ARGV[10]), tonumber(ARGV[8]), 0)
keep(ARGV[11])
wakeOthers('${WAKE.event}' .. q .. seq .. ' ' .. ARGV[6] .. ' ' .. ARGV[7])
return { seq, missed, 0 }`,
);

/**
 * Keeps an open room, without what exceeds the bounds. Further arguments: epoch, oldest and newest `seq` that the
 * node has, oldest time of an event, maximum number of events, of bytes, how long to keep the room. Returns the newest `seq`, the number of changes of the
 * members and the nodes that have the room open; nothing if the room is lost.
 */
export const LOOK_AT_ROOM = new Script(
  'look_at_room',
  `${ROOM}
if isLost(ARGV[3], ARGV[5]) then return false end
redis.call('HSET', nodes, node, 1)
trim(tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[6]), tonumber(ARGV[4]))
keep(ARGV[9])
local head, changes = unpack(redis.call('HMGET', info, 'head', 'changes'))
return { tonumber(head), tonumber(changes), redis.call('HKEYS', nodes) }`,
);

const LEAVE = `
local function leave(other)
  redis.call('HDEL', nodes, other)
  local left = {}
  for _, field in ipairs(redis.call('HKEYS', members)) do
    if string.sub(field, 1, #other + 1) == other .. ' ' then
      redis.call('HDEL', members, field)
      left[#left + 1] = '["' .. string.sub(field, #other + 2) .. '",null]'
    end
  end
  return left
end
`;

/**
 * Closes a room at a node, and deletes it if it has no events. Further argument: epoch. Returns payer and number of the
 * write if nobody has it open any more; otherwise nothing.
 */
export const CLOSE_ROOM = new Script(
  'close_room',
  `${ROOM}${LEAVE}
if isLost(ARGV[3]) then return false end
local left = leave(node)
if #left > 0 then tell(node, '[' .. table.concat(left, ',') .. ']') end
if redis.call('HLEN', nodes) > 0 then return false end
if redis.call('XLEN', log) == 0 then
  unlink()
  return false
end
local u = redis.call('INCR', base .. 'writes')
redis.call('HSET', info, 'u', u)
return { redis.call('HGET', info, 'payer'), u }`,
);

/**
 * Removes nodes that are gone. Further arguments: the nodes. Returns the members that no other node has: of each the id and
 * what a node that is gone had told; nothing if there are none.
 */
export const FORGET_ROOM_NODES = new OnceScript(
  'forget_room_nodes',
  `${ROOM}${LEAVE}
local dead, told, gone = {}, {}, {}
for at = 3, #ARGV do dead[ARGV[at]] = true end
local fields = redis.call('HGETALL', members)
for at = 1, #fields, 2 do
  local other, id = string.match(fields[at], '^(%S+) (.*)$')
  if dead[other] then told[id] = fields[at + 1] end
end
for at = 3, #ARGV do leave(ARGV[at]) end
for _, field in ipairs(redis.call('HKEYS', members)) do told[string.match(field, ' (.*)$')] = nil end
for id, value in pairs(told) do
  gone[#gone + 1] = id
  gone[#gone + 1] = value
end
return gone[1] and gone or false`,
);

/** Removes a closed room unless it was opened. Further argument: number of the last write that is known. */
export const DROP_ROOM = new Script(
  'drop_room',
  `${ROOM}
local u = redis.call('HGET', info, 'u')
if u and tonumber(u) <= tonumber(ARGV[3]) and redis.call('HLEN', nodes) == 0 then unlink() end
return 1`,
);

/**
 * Tells the other nodes of members here. Further arguments: epoch, all of it as JSON for the other nodes, and each member
 * as id and JSON, or nothing if it is gone. Returns the number of the change; nothing if the room is lost.
 */
export const TELL_MEMBERS = new Script(
  'tell_members',
  `${ROOM}
if isLost(ARGV[3]) then return false end
local change = tell(node, ARGV[4])
for at = 5, #ARGV, 2 do
  local field = node .. ' ' .. ARGV[at]
  if ARGV[at + 1] == '' then redis.call('HDEL', members, field)
  else redis.call('HSET', members, field, change .. ' ' .. ARGV[at + 1]) end
end
redis.call('PEXPIRE', members, redis.call('PTTL', info))
return change`,
);

/** Removes a member from all other nodes, which take out its connections then. Further argument: id. */
export const EXPEL_MEMBER = new Script(
  'expel_member',
  `${ROOM}
local id = ARGV[3]
for _, field in ipairs(redis.call('HKEYS', members)) do
  local other = string.sub(field, 1, -#id - 2)
  if other .. ' ' .. id == field and other ~= node then
    redis.call('HDEL', members, field)
    tell(other, '[["' .. id .. '",null]]')
  end
end
return 1`,
);

/** Returns the number of changes of the members, and the members. */
export const READ_MEMBERS = new Script(
  'read_members',
  `${ROOM}
return { tonumber(redis.call('HGET', info, 'changes') or 0), redis.call('HGETALL', members) }`,
);
