import { Script } from '../script.js';

/** How long a removed item waits before another node deletes its data, in seconds: the first node may have died. */
const ABANDONED_S = 10;
/** Maximum number of items that one call removes. */
const MAX_REMOVED = 100;

/**
 * Counts what payers hold, and removes what exceeds the bounds: the item that its payer has not charged for the longest
 * time, of the payer over its own bound, or else of whoever holds most; of several who hold most, the oldest of all.
 *
 * Keys after the base: `payers`, a zset, by weight; `items`, a hash, each as `<weight> <version> <payer>`; `removed`, a
 * zset of removed items whose data is not deleted, by time; `order`, a zset of items by the last charge; `of:<payer>`, the
 * same of what one payer holds.
 * Arguments: bound of all, bound of one payer, number of items whose data is deleted, these as they were told, then each
 * item as name, payer, weight and version: of two charges, the one with the higher version counts. Returns the removed items
 * as `<item> <version>`.
 */
export const CHARGE_SHARES = new Script(
  'charge_shares',
  `
local base = KEYS[1]
local payers, items, removed = base .. 'payers', base .. 'items', base .. 'removed'
local order, of = base .. 'order', base .. 'of:'
local now = tonumber(redis.call('TIME')[1])
local count = tonumber(ARGV[3])
for i = 4, 3 + count do redis.call('ZREM', removed, ARGV[i]) end
local victims = redis.call('ZRANGEBYSCORE', removed, '-inf', now - ${ABANDONED_S}, 'LIMIT', 0, ${MAX_REMOVED})
for _, victim in ipairs(victims) do redis.call('ZADD', removed, now, victim) end
local function add(payer, weight)
  if tonumber(redis.call('ZINCRBY', payers, weight, payer)) <= 0 then redis.call('ZREM', payers, payer) end
  redis.call('HINCRBY', items, '', weight)
end
local function parse(item)
  return string.match(redis.call('HGET', items, item) or '', '^(%d+) (%d+) (.+)$')
end
local function remove(payer)
  local item = redis.call('ZRANGE', of .. payer, 0, 0)[1]
  if not item then return redis.call('ZREM', payers, payer) end
  local weight, version = parse(item)
  redis.call('ZREM', of .. payer, item)
  redis.call('ZREM', order, item)
  redis.call('HDEL', items, item)
  add(payer, -(weight or 0))
  local victim = item .. ' ' .. (version or 0)
  redis.call('ZADD', removed, now, victim)
  victims[#victims + 1] = victim
end
local touched = {}
for at = 4 + count, #ARGV, 4 do
  local item, payer, weight, version = ARGV[at], ARGV[at + 1], tonumber(ARGV[at + 2]), ARGV[at + 3]
  local held, known, holder = parse(item)
  if not known or tonumber(version) >= tonumber(known) then
    payer = holder or payer
    touched[payer] = true
    if weight > 0 then
      redis.call('HSET', items, item, weight .. ' ' .. version .. ' ' .. payer)
      local use = redis.call('HINCRBY', items, '#', 1)
      redis.call('ZADD', of .. payer, use, item)
      redis.call('ZADD', order, use, item)
    else
      redis.call('HDEL', items, item)
      redis.call('ZREM', of .. payer, item)
      redis.call('ZREM', order, item)
    end
    add(payer, weight - (held or 0))
  end
end
local function holds(payer)
  return tonumber(redis.call('ZSCORE', payers, payer) or 0)
end
for payer in pairs(touched) do
  while #victims < ${MAX_REMOVED} and holds(payer) > tonumber(ARGV[2]) do remove(payer) end
end
while #victims < ${MAX_REMOVED} and tonumber(redis.call('HGET', items, '') or 0) > tonumber(ARGV[1]) do
  local largest = redis.call('ZREVRANGE', payers, 0, 0)[1]
  if not largest then break end
  local oldest = redis.call('ZRANGE', order, 0, 0)[1]
  local _, _, payer = parse(oldest or '')
  remove(payer and holds(payer) == holds(largest) and payer or largest)
end
return victims`,
);
