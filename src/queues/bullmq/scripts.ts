/**
 * Ends are counted in the fields of a hash, one for each second of the last minute. Redis gives the time, so the clocks of
 * no two machines are compared.
 */
const SECONDS = 60;

/** A script as BullMQ defines commands. */
export interface Script {
  readonly name: string;
  readonly keys: number;
  readonly lua: string;
}

/** KEYS: the ends. Counts a ticket that is done. */
export const COUNT_END: Script = {
  name: 'agentCountEnd',
  keys: 1,
  lua: `
local now = tonumber(redis.call('TIME')[1])
if redis.call('HINCRBY', KEYS[1], now, 1) == 1 then
  for _, field in ipairs(redis.call('HKEYS', KEYS[1])) do
    if tonumber(field) <= now - ${SECONDS} then redis.call('HDEL', KEYS[1], field) end
  end
end
redis.call('PEXPIRE', KEYS[1], ${SECONDS * 1000})
return 0
`,
};

/**
 * KEYS: the line, the ends. ARGV: ids of tickets. Returns the length of the line, the number of ends, the milliseconds in
 * which they happened, and the place of each ticket from 1, or 0 for one that is not in the line.
 */
export const PLACES: Script = {
  name: 'agentPlaces',
  keys: 2,
  lua: `
local time = redis.call('TIME')
local seconds = tonumber(time[1])
local first, count = nil, 0
local ends = redis.call('HGETALL', KEYS[2])
for i = 1, #ends, 2 do
  local field = tonumber(ends[i])
  if field > seconds - ${SECONDS} then
    count = count + tonumber(ends[i + 1])
    if not first or field < first then first = field end
  end
end
local elapsed = first and (seconds - first) * 1000 + math.floor(tonumber(time[2]) / 1000) or 0
local answer = { redis.call('ZCARD', KEYS[1]), count, elapsed }
for i, id in ipairs(ARGV) do
  local rank = redis.call('ZRANK', KEYS[1], id)
  answer[i + 3] = rank and rank + 1 or 0
end
return answer
`,
};
