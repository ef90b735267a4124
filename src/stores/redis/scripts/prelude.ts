/** Fields of a record that whoever opens a run needs, in the order in which {@link RECORD} returns them. */
export const RECORD_FIELDS = [
  'meta',
  'state',
  'host',
  'stop',
  'options',
  'work',
  'checkpoint',
  'gen',
  'f',
  'w',
  'bytes',
] as const;

/**
 * `wake(node, item)`: tells a node something, which is a JSON array: its type, then what the type needs.
 *
 * | item | for | what |
 * | - | - | - |
 * | `["l", run, gen, first, [entry…]]` | readers | new entries of a log, from the seq `first` on |
 * | `["f", run]` | host | somebody wants something of the run: see its record |
 * | `["t", run]` | host | the run is the first of its conversation |
 * | `["c", run, conversation]` | watchers | a run was claimed in the conversation |
 *
 * `publish()` sends what each node is told, as one JSON array of items. A wake may be lost: whatever it says can be read.
 */
export const WAKES = `
local wakes = {}
local function wake(node, item)
  local items = wakes[node]
  if not items then
    items = {}
    wakes[node] = items
  end
  items[#items + 1] = item
end
local function publish()
  for node, items in pairs(wakes) do
    redis.call('PUBLISH', CHANNEL .. node, '[' .. table.concat(items, ',') .. ']')
  end
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
