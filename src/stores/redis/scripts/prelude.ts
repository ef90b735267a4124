/** Fields of a record that whoever opens a run needs, in the order in which {@link RECORD} returns them. */
export const RECORD_FIELDS = [
  'meta',
  'state',
  'host',
  'stop',
  'options',
  'work',
  'checkpoint',
  'ahead',
  'gen',
  'f',
  'w',
  'bytes',
] as const;

/**
 * `wake(node, text)`: tells a node something: see `WAKE`. `wakeReaders(nodes, item)`: tells the nodes that follow a log about
 * new entries, the item being `[run, gen, first, [entry…]]` in JSON. `publish()` sends what all of them are told, each node
 * the items of all logs at once. What is told may be lost: whatever it says can be read.
 */
export const WAKES = `
local items, lists = {}, {}
local function wake(node, text)
  if node and node ~= '' then redis.call('PUBLISH', CHANNEL .. node, text) end
end
local function wakeReaders(nodes, item)
  local known = lists[nodes]
  if not known then
    known = {}
    lists[nodes] = known
    for node in string.gmatch(nodes, '([^: ]+):') do
      items[node] = items[node] or {}
      known[#known + 1] = items[node]
    end
  end
  for _, list in ipairs(known) do list[#list + 1] = item end
end
local function publish()
  for node, list in pairs(items) do wake(node, 'e[' .. table.concat(list, ',') .. ']') end
end
`;

/**
 * `newest(base, run)`: the seq of the newest entry of a log and the entry itself; 0 for an empty log. `record(base, run)`:
 * {@link RECORD_FIELDS}, and both of these; `false` if there is no run.
 */
export const RECORD = `
local function newest(base, run)
  local last = redis.call('XREVRANGE', base .. 'l:' .. run, '+', '-', 'COUNT', 1)[1]
  if not last then return 0, false end
  return tonumber(string.match(last[1], '^%d+')), last[2][2]
end
local function record(base, run)
  local found = redis.call('HMGET', base .. 'r:' .. run, ${RECORD_FIELDS.map((name) => `'${name}'`).join(', ')})
  if not found[1] then return false end
  found[#found + 1], found[#found + 2] = newest(base, run)
  return found
end
`;

/** `micros()`: the time of Redis, in microseconds. */
export const TIME = `
local function micros()
  local time = redis.call('TIME')
  return time[1] * 1000000 + time[2]
end
`;
