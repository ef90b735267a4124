import { Script } from '../script.js';
import { RECORD } from './prelude.js';

/** Longest page of a log, in bytes, roughly, and in entries. */
const PAGE_BYTES = 65_536;
const PAGE_ENTRIES = 512;
/** Entries that are read at once. */
const STEP = 64;

/** Argument: run. Returns its record, or nothing. */
export const OPEN_RUN = new Script('open_run', `${RECORD}return record(KEYS[1], ARGV[1])`);

/**
 * Begins anew with a run in progress that the node executes, as if another host had taken it over: what it wrote before is
 * lost. Arguments: run, node. Returns the record and the draft, or nothing.
 */
export const TAKE_RUN = new Script(
  'take_run',
  `${RECORD}
local key = KEYS[1] .. 'r:' .. ARGV[1]
if redis.call('HGET', key, 'host') ~= ARGV[2] then return false end
if redis.call('HEXISTS', KEYS[1] .. 'live', ARGV[1]) == 0 then return false end
redis.call('HINCRBY', key, 'gen', 1)
return { record(KEYS[1], ARGV[1]), redis.call('GET', KEYS[1] .. 'x:' .. ARGV[1]) }`,
);

/** Arguments: owner, most runs. Returns the newest runs whose logs are stored and their records, newest
 * first. */
export const LIST_RUNS = new Script(
  'list_runs',
  `${RECORD}
local base, found = KEYS[1], {}
for _, run in ipairs(redis.call('ZREVRANGE', base .. 'runs:' .. ARGV[1], 0, ARGV[2] - 1)) do
  local of = record(base, run)
  if of then found[#found + 1] = { run, of } end
end
return found`,
);

/** Arguments: run, first seq, last seq. Returns entries of the log from the first seq on. */
export const READ_LOG = new Script(
  'read_log',
  `
local log, from, to = KEYS[1] .. 'l:' .. ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local found, bytes = {}, 0
while from <= to and bytes < ${PAGE_BYTES} and #found < ${PAGE_ENTRIES} do
  local entries = redis.call('XRANGE', log, from .. '-0', to .. '-0', 'COUNT', ${STEP})
  if #entries == 0 or entries[1][1] ~= from .. '-0' then break end
  for _, entry in ipairs(entries) do
    found[#found + 1] = entry[2][2]
    bytes = bytes + #entry[2][2]
  end
  from = from + #entries
end
return found`,
);

/**
 * Makes a node a follower of a log: it is told each entry from now on. Arguments: run, node. Returns the record, or
 * nothing. What the node was not told is what the log holds up to the seq in the record.
 */
export const ATTACH = new Script(
  'attach',
  `${RECORD}
local found = record(KEYS[1], ARGV[1])
if not found then return false end
local key = KEYS[1] .. 'r:' .. ARGV[1]
local nodes = redis.call('HGET', key, 'nodes') or ''
if not string.find(nodes, ARGV[2], 1, true) then redis.call('HSET', key, 'nodes', nodes .. ARGV[2] .. ': ') end
return found`,
);

/** Ends what {@link ATTACH} began. Arguments: run, node. */
export const DETACH = new Script(
  'detach',
  `
local key = KEYS[1] .. 'r:' .. ARGV[1]
local nodes = redis.call('HGET', key, 'nodes')
if not nodes then return 0 end
local left = {}
for node, flags in string.gmatch(nodes, '([^: ]+):(%a*) ') do
  if node ~= ARGV[2] then left[#left + 1] = node .. ':' .. flags .. ' ' end
end
if #left == 0 then redis.call('HDEL', key, 'nodes') else redis.call('HSET', key, 'nodes', table.concat(left)) end
return 1`,
);
