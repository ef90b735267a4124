import { Script } from '../script.js';
import { WAKE, WAKE_IN_SCRIPT } from '../wakes.js';

/** What nodes want of a run stands in its record, for its host. Arguments of all scripts: channels, hash of the run. */
const FACTS_IN_SCRIPT = `
${WAKE_IN_SCRIPT}
local run = ARGV[2]
local record = KEYS[1] .. 'r:' .. run
local host = redis.call('HGET', KEYS[1] .. 'live', run)
local function wake_host() wake(host, '${WAKE.facts}' .. KEYS[1] .. run) end
`;

/** Flags of a node that reads a run. */
export const READING = {
  /** Somebody there reads it. */
  reads: 'r',
  /** All of them lag. */
  lags: 'l',
  /** The client of the last one cannot come back. */
  isLast: 'c',
} as const;

/**
 * Asks for the end of a run. Further arguments: the reason, signed; how long an id is remembered that no run has, in
 * milliseconds. Answers the host, empty if it has none; nothing if the run is over or unknown.
 */
export const STOP = new Script(
  'stop',
  `${FACTS_IN_SCRIPT}
if host then
  redis.call('HSETNX', record, 'stop', ARGV[3])
  wake_host()
  return host
end
if redis.call('EXISTS', record, KEYS[1] .. 'id:' .. run) == 0 then
  redis.call('SET', KEYS[1] .. 'tomb:' .. run, ARGV[3], 'PX', ARGV[4])
end
return nil
`,
);

/**
 * Decides about a tool call: the first decision counts. Further arguments: the call, and the decision, signed. Answers the
 * host; nothing if the run is over or unknown.
 */
export const DECIDE = new Script(
  'decide',
  `${FACTS_IN_SCRIPT}
if not host then return nil end
redis.call('HSETNX', record, 'd:' .. ARGV[3], ARGV[4])
wake_host()
return host
`,
);

/**
 * Says how a node reads a run. Further arguments: the node, and {@link READING}, empty if nobody there reads the run, or
 * `-` if the node is dead. The nodes that follow the log of a run stand in the field `nodes` of its record, as
 * `<node>:<flags>` with a space after each, where the script that appends finds whom to wake.
 */
export const READ = new Script(
  'read',
  `${FACTS_IN_SCRIPT}
if not host then return nil end
local before = redis.call('HGET', record, 'nodes') or ''
local after, found = {}, false
for node, flags in string.gmatch(before, '([^: ]+):(%a*) ') do
  if node == ARGV[3] then
    found = true
    flags = ARGV[4]
  end
  if flags ~= '-' then after[#after + 1] = node .. ':' .. flags .. ' ' end
end
if not found and string.match(ARGV[4], '%a') then after[#after + 1] = ARGV[3] .. ':' .. ARGV[4] .. ' ' end
after = table.concat(after)
if after == before then return host end
redis.call('HSET', record, 'nodes', after)
if host ~= ARGV[3] then wake_host() end
return host
`,
);

/**
 * Looks at the facts of runs. Arguments: the hashes of the runs. Answers of each: host (nothing if the run is over or
 * unknown), owner, id, stop, nodes, and its decisions as fields and values.
 */
export const LOOK = new Script(
  'look',
  `
local answers = {}
for i, run in ipairs(ARGV) do
  local record = KEYS[1] .. 'r:' .. run
  local decided = {}
  for _, field in ipairs(redis.call('HKEYS', record)) do
    if string.sub(field, 1, 2) == 'd:' then
      decided[#decided + 1] = field
      decided[#decided + 1] = redis.call('HGET', record, field)
    end
  end
  local known = redis.call('HMGET', record, 'owner', 'id', 'stop', 'nodes')
  known[5] = decided
  table.insert(known, 1, redis.call('HGET', KEYS[1] .. 'live', run))
  answers[i] = known
end
return answers
`,
);

/**
 * Makes a node the host of a run. Arguments: the node, then of each run its hash and the host that it must have, empty for
 * none. Answers of each run owner and id if the node is its host now, and nothing otherwise.
 */
export const ADOPT = new Script(
  'adopt',
  `
local answers = {}
for i = 2, #ARGV, 2 do
  local run, from = ARGV[i], ARGV[i + 1]
  local record = KEYS[1] .. 'r:' .. run
  local answer = false
  if redis.call('HGET', KEYS[1] .. 'live', run) == from then
    if redis.call('EXISTS', record) == 0 then
      redis.call('HDEL', KEYS[1] .. 'live', run)
    else
      redis.call('HSET', KEYS[1] .. 'live', run, ARGV[1])
      redis.call('HSET', record, 'host', ARGV[1])
      answer = redis.call('HMGET', record, 'owner', 'id')
    end
  end
  answers[#answers + 1] = answer
end
return answers
`,
);
