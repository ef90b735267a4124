import { OnceScript, Script } from '../script.js';

/**
 * Keys of a conversation, after the base of its partition:
 *
 * | key | type | what |
 * | - | - | - |
 * | `c:<conversation>` | hash | what is known of it: id, owner, payer, title, metadata, times, bytes, selected message |
 * | `m:<conversation>` | hash | messages by number: `<number of the parent> <length> <length of the id> <id><JSON>` |
 * | `i:<conversation>` | hash | message id → number |
 * | `k:<conversation>` | zset | `<number> <id>` of each message, by the number of its parent |
 * | `a:<conversation>` | hash | attachments |
 * | `convs:<owner>` | zset | conversations of an owner, by the last write |
 * | `writes` | string | number of writes: of two writes, the one with the higher number was later |
 */
const KEYS = `
local function infoOf(base, c) return base .. 'c:' .. c end
local function messagesOf(base, c) return base .. 'm:' .. c end
local function indexOf(base, c) return base .. 'i:' .. c end
local function childrenOf(base, c) return base .. 'k:' .. c end
local function attachmentsOf(base, c) return base .. 'a:' .. c end
local function ownedBy(base, o) return base .. 'convs:' .. o end
`;

/** Memory that a conversation and a message take besides their text, in bytes, roughly. */
const CONVERSATION_BYTES = 600;
const MESSAGE_BYTES = 350;

/** A write is told how much the conversation takes then, for the bounds: number of the write, payer, bytes. */
const WRITE = `${KEYS}
local function touch(base, c, id, o, payer, at)
  local info = infoOf(base, c)
  local u = redis.call('INCR', base .. 'writes')
  if redis.call('HSETNX', info, 'id', id) == 1 then
    redis.call('HSET', info, 'o', o, 'payer', payer, 'created', at, 'n', 0, 'bytes', ${CONVERSATION_BYTES})
  end
  redis.call('HSET', info, 'updated', at, 'u', u)
  redis.call('ZADD', ownedBy(base, o), u, c)
  return u
end
local function charge(base, c, u, bytes)
  local info = infoOf(base, c)
  return { u, redis.call('HGET', info, 'payer'), redis.call('HINCRBY', info, 'bytes', bytes) }
end
local function numberOf(base, c, id)
  return tonumber(redis.call('HGET', indexOf(base, c), id) or 0)
end
local function place(n)
  return string.format('%010d ', n)
end
`;

/**
 * `addMessages`: adds messages that are not there yet, and attachments, unless another node executes, or has ended, the
 * run that made them. Takes the arguments from a position on: conversation, its id, owner, payer, time, run, number of
 * messages, each as id, id of the parent, length and JSON, number of attachments, each as id and bytes. Returns the charge
 * or `false`, and the position after the arguments. Uses `NODE`, the id of this node.
 */
export const ADD_MESSAGES = `${WRITE}
local function addMessages(base, args, at)
  local count = tonumber(args[at + 6])
  local first = at + 7
  local files = first + 4 * count
  local after = files + 1 + 2 * args[files]
  local host = redis.call('HGET', base .. 'r:' .. args[at + 5], 'host')
  if host and host ~= '' and host ~= NODE then return false, after end
  local c = args[at]
  local u = touch(base, c, args[at + 1], args[at + 2], args[at + 3], args[at + 4])
  local info, index, children = infoOf(base, c), indexOf(base, c), childrenOf(base, c)
  local n, bytes, isNew = tonumber(redis.call('HGET', info, 'n')), 0, false
  for i = first, files - 1, 4 do
    local id, parentId, length, body = args[i], args[i + 1], args[i + 2], args[i + 3]
    if redis.call('HSETNX', index, id, n + 1) == 1 then
      n, isNew = n + 1, true
      local parent = parentId == '' and 0 or numberOf(base, c, parentId)
      redis.call('HSET', messagesOf(base, c), n, parent .. ' ' .. length .. ' ' .. #id .. ' ' .. id .. body)
      redis.call('ZADD', children, parent, place(n) .. id)
      bytes = bytes + ${MESSAGE_BYTES} + #body
    end
  end
  for i = files + 1, after - 1, 2 do
    if redis.call('HSETNX', attachmentsOf(base, c), args[i], args[i + 1]) == 1 then bytes = bytes + #args[i + 1] end
  end
  if isNew then redis.call('HSET', info, 'n', n, 'leaf', n) end
  return charge(base, c, u, bytes), after
end
`;

/**
 * Reads a page of a branch, newest message first. Arguments: conversation, limit, maximum length or nothing, leaf or
 * nothing, id before which to read or nothing, how many siblings to tell. Returns whether there is more, and of each
 * message its JSON, and its index and siblings if there are any.
 */
export const READ_MESSAGES = new Script(
  'read_messages',
  `${WRITE}
local base, c = KEYS[1], ARGV[1]
local function parse(n)
  local value = redis.call('HGET', messagesOf(base, c), n)
  if not value then return nil end
  local parent, length, ids, from = string.match(value, '^(%d+) (%d+) (%d+) ()')
  return tonumber(parent), tonumber(length), string.sub(value, from, from + ids - 1), string.sub(value, from + ids)
end
local function siblingsOf(item, parent, n, id, most)
  local children = childrenOf(base, c)
  local count = redis.call('ZCOUNT', children, parent, parent)
  if count < 2 then return end
  local start = redis.call('ZCOUNT', children, '-inf', '(' .. parent)
  local i = redis.call('ZRANK', children, place(n) .. id) - start
  local from = math.max(0, math.min(i - most / 2, count - most))
  local to = math.min(from + most, count) - 1
  item[2] = i
  for _, sibling in ipairs(redis.call('ZRANGE', children, start + from, start + to)) do
    item[#item + 1] = string.sub(sibling, 12)
  end
end
local limit, most, siblings = tonumber(ARGV[2]), tonumber(ARGV[3]) or math.huge, tonumber(ARGV[6])
local n
if ARGV[5] ~= '' then n = parse(numberOf(base, c, ARGV[5])) or 0
elseif ARGV[4] ~= '' then n = numberOf(base, c, ARGV[4])
else n = tonumber(redis.call('HGET', infoOf(base, c), 'leaf') or 0) end
local items, total, more = {}, 0, 0
while n ~= 0 do
  local parent, length, id, body = parse(n)
  if not parent then break end
  total = total + length
  if #items >= limit or (total > most and #items > 0) then
    more = 1
    break
  end
  local item = { body }
  if siblings > 0 then siblingsOf(item, parent, n, id, siblings) end
  items[#items + 1] = item
  n = parent
end
return { more, items }`,
);

/** Arguments: conversation, id. Returns the JSON of a message. */
export const FIND_MESSAGE = new Script(
  'find_message',
  `${WRITE}
local base, c = KEYS[1], ARGV[1]
local value = redis.call('HGET', messagesOf(base, c), numberOf(base, c, ARGV[2]))
if not value then return false end
local ids, from = string.match(value, '^%d+ %d+ (%d+) ()')
return string.sub(value, from + ids)`,
);

/**
 * Selects the branch of a message. Arguments: conversation, its id, owner, payer, time, id of the message. Returns the
 * charge and the id of the last message of the branch.
 */
export const SELECT_BRANCH = new Script(
  'select_branch',
  `${WRITE}
local base, c, id = KEYS[1], ARGV[1], ARGV[6]
local n = numberOf(base, c, id)
if n == 0 then return false end
while true do
  local newest = redis.call('ZREVRANGEBYSCORE', childrenOf(base, c), n, n, 'LIMIT', 0, 1)[1]
  if not newest then break end
  n, id = tonumber(string.sub(newest, 1, 10)), string.sub(newest, 12)
end
local u = touch(base, c, ARGV[2], ARGV[3], ARGV[4], ARGV[5])
redis.call('HSET', infoOf(base, c), 'leaf', n)
return { charge(base, c, u, 0), id }`,
);

/**
 * Arguments: conversation, its id, owner, payer, time, and each change as field and JSON. Returns the charge.
 */
export const UPDATE_CONVERSATION = new Script(
  'update_conversation',
  `${WRITE}
local base, c = KEYS[1], ARGV[1]
local u = touch(base, c, ARGV[2], ARGV[3], ARGV[4], ARGV[5])
local info, bytes = infoOf(base, c), 0
for at = 6, #ARGV, 2 do
  bytes = bytes + #ARGV[at + 1] - redis.call('HSTRLEN', info, ARGV[at])
  redis.call('HSET', info, ARGV[at], ARGV[at + 1])
end
return charge(base, c, u, bytes)`,
);

const REMOVE = `${KEYS}
local function remove(base, c, o)
  redis.call('UNLINK', infoOf(base, c), messagesOf(base, c), indexOf(base, c), childrenOf(base, c),
    attachmentsOf(base, c))
  redis.call('ZREM', ownedBy(base, o), c)
end
`;

/** Arguments: conversation. Returns the charge. */
export const DELETE_CONVERSATION = new OnceScript(
  'delete_conversation',
  `${REMOVE}
local base, c = KEYS[1], ARGV[1]
local payer, o = unpack(redis.call('HMGET', infoOf(base, c), 'payer', 'o'))
if not payer then return false end
remove(base, c, o)
return { redis.call('INCR', base .. 'writes'), payer, 0 }`,
);

/** Removes a conversation unless it was changed. Arguments: conversation, number of its last write that is known. */
export const DROP_CONVERSATION = new Script(
  'drop_conversation',
  `${REMOVE}
local base, c = KEYS[1], ARGV[1]
local u, o = unpack(redis.call('HMGET', infoOf(base, c), 'u', 'o'))
if u and tonumber(u) <= tonumber(ARGV[2]) then remove(base, c, o) end
return 1`,
);

const FIELDS = `'id', 'title', 'metadata', 'n', 'created', 'updated'`;

/** Arguments: conversation. Returns what is known of it. */
export const FIND_CONVERSATION = new Script(
  'find_conversation',
  `${KEYS}
return redis.call('HMGET', infoOf(KEYS[1], ARGV[1]), ${FIELDS})`,
);

/**
 * Arguments: owner, conversation before which to list or nothing, limit. Returns what is known of each conversation, of
 * one more than the limit if there are more.
 */
export const LIST_CONVERSATIONS = new Script(
  'list_conversations',
  `${KEYS}
local base, owned, start = KEYS[1], ownedBy(KEYS[1], ARGV[1]), 0
if ARGV[2] ~= '' then
  local rank = redis.call('ZREVRANK', owned, ARGV[2])
  if not rank then return {} end
  start = rank + 1
end
local found = {}
for _, c in ipairs(redis.call('ZREVRANGE', owned, start, start + ARGV[3])) do
  found[#found + 1] = redis.call('HMGET', infoOf(base, c), ${FIELDS})
end
return found`,
);
