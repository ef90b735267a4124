import { Script } from '../script.js';
import { WAKE } from '../wakes.js';
import { RECORD, WAKES } from './prelude.js';

/**
 * What nodes want of a run stands in its record, for its host: `stop`, decisions as `d:<call>`, and how nodes read it; `f`
 * counts the changes. The first argument of each script is the hash of the run. `tell_host()`: the facts have changed.
 */
const FACTS = `${WAKES}
local base, run = KEYS[1], ARGV[1]
local key = base .. 'r:' .. run
local host = redis.call('HGET', base .. 'live', run)
local function tell_host()
  redis.call('HINCRBY', key, 'f', 1)
  wake(host, '${WAKE.facts}' .. base .. run)
end
`;

/** Flags of a node that reads a run. */
export const READING = { reads: 'r', lags: 'l', isLast: 'c' } as const;

/**
 * Asks for the end of a run. Further arguments: the reason, signed; how long an id is remembered that no run has, in
 * milliseconds, or nothing to ask only for the end of a run that waits for a worker and that no node reads. Returns the
 * host, empty if it has none; nothing if the run is over or unknown, or is not to end.
 */
export const STOP = new Script(
  'stop',
  `${FACTS}
if ARGV[3] == '' then
  local of = redis.call('HMGET', key, 'state', 'nodes')
  local is_read = of[2] and string.find(of[2], ':%a*${READING.reads}')
  if host ~= '' or of[1] == 'waiting_approval' or is_read then return false end
end
if host then
  redis.call('HSETNX', key, 'stop', ARGV[2])
  tell_host()
  return host
end
if redis.call('EXISTS', key, base .. 'id:' .. run) == 0 then
  redis.call('SET', base .. 'tomb:' .. run, ARGV[2], 'PX', ARGV[3])
end
return false`,
);

/**
 * Decides about a tool call: the first decision counts. Further arguments: the call, and the decision, signed. Returns the
 * host; nothing if the run is over or unknown.
 */
export const DECIDE = new Script(
  'decide',
  `${FACTS}
if not host then return false end
redis.call('HSETNX', key, 'd:' .. ARGV[2], ARGV[3])
tell_host()
return host`,
);

/** Instead of flags: the node is dead. */
export const DEAD = '-';

/**
 * Says how a node reads a run. Further arguments: the node, and its flags, empty if nobody there reads it, or {@link DEAD}.
 * Returns the host; nothing if the run is over or unknown. The nodes that follow the log of a run stand in the field `nodes`
 * of its record, as `<node>:<flags>` with a space after each.
 */
export const READ = new Script(
  'read',
  `${FACTS}
if not host then return false end
local node, flags = ARGV[2], ARGV[3]
local before = redis.call('HGET', key, 'nodes') or ''
local after, found = {}, false
for other, its in string.gmatch(before, '([^: ]+):(%a*) ') do
  if other == node then
    found = true
    its = flags
  end
  if its ~= '${DEAD}' then after[#after + 1] = other .. ':' .. its .. ' ' end
end
if not found and string.match(flags, '%a') then after[#after + 1] = node .. ':' .. flags .. ' ' end
after = table.concat(after)
if after == before then return host end
if after == '' then redis.call('HDEL', key, 'nodes') else redis.call('HSET', key, 'nodes', after) end
if flags ~= '${DEAD}' then tell_host() end
return host`,
);

/**
 * Looks at the facts of runs. Arguments: the runs. Returns of each: host (nothing if the run is over or unknown), meta,
 * stop, nodes, how often the facts have changed, and its decisions.
 */
export const LOOK = new Script(
  'look',
  `
local base, answers = KEYS[1], {}
for i, run in ipairs(ARGV) do
  local key, decisions = base .. 'r:' .. run, {}
  local found = redis.call('HMGET', key, 'host', 'meta', 'stop', 'nodes', 'f')
  found[1] = redis.call('HGET', base .. 'live', run)
  if found[1] then
    for _, field in ipairs(redis.call('HKEYS', key)) do
      if string.sub(field, 1, 2) == 'd:' then decisions[#decisions + 1] = redis.call('HGET', key, field) end
    end
  end
  found[#found + 1] = decisions
  answers[i] = found
end
return answers`,
);

/**
 * Makes a node the host of runs. Arguments: the node, then of each run its hash and the host that it must have, empty for
 * none. Returns of each run its record and its draft if the node is its host now, and nothing otherwise: also if it was
 * before, since a call whose answer was lost is repeated.
 */
export const ADOPT = new Script(
  'adopt',
  `${RECORD}
local base, answers = KEYS[1], {}
for i = 2, #ARGV, 2 do
  local run, key, answer = ARGV[i], base .. 'r:' .. ARGV[i], false
  local host = redis.call('HGET', base .. 'live', run)
  if host and (host == ARGV[i + 1] or host == ARGV[1]) then
    if redis.call('EXISTS', key) == 0 then
      redis.call('HDEL', base .. 'live', run)
    else
      redis.call('HSET', base .. 'live', run, ARGV[1])
      redis.call('HSET', key, 'host', ARGV[1])
      redis.call('HINCRBY', key, 'gen', 1)
      answer = { record(base, run), redis.call('GET', base .. 'x:' .. run) }
    end
  end
  answers[#answers + 1] = answer
end
return answers`,
);

/**
 * Runs without a host. Arguments: the runs. Returns of each its meta, why it is to be stopped, and whether it is the first of
 * its conversation.
 */
export const WAITING = new Script(
  'waiting',
  `
local base, answers = KEYS[1], {}
for i, run in ipairs(ARGV) do
  local found = redis.call('HMGET', base .. 'r:' .. run, 'meta', 'stop', 'c')
  local conversation = found[3]
  if conversation and conversation ~= '' then
    found[3] = redis.call('LINDEX', base .. 'line:' .. conversation, 0) == run and 1 or 0
  else
    found[3] = 1
  end
  answers[i] = found
end
return answers`,
);

/** The runs of a conversation in progress, in the order of their turns. Argument: the conversation. Returns their metas. */
export const LINE = new Script(
  'line',
  `
local found = {}
for _, run in ipairs(redis.call('LRANGE', KEYS[1] .. 'line:' .. ARGV[1], 0, -1)) do
  found[#found + 1] = redis.call('HGET', KEYS[1] .. 'r:' .. run, 'meta')
end
return found`,
);

/** How long a node watches a conversation without saying so again, in milliseconds. */
const WATCH_MS = 180_000;

/** Begins or goes on to watch conversations. Arguments: the node, then the conversations. */
export const WATCH = new Script(
  'watch',
  `
local now = tonumber(redis.call('TIME')[1])
for i = 2, #ARGV do
  local key = KEYS[1] .. 'watch:' .. ARGV[i]
  redis.call('HSET', key, ARGV[1], now)
  local watchers = redis.call('HGETALL', key)
  for j = 1, #watchers, 2 do
    if now - tonumber(watchers[j + 1]) > ${WATCH_MS / 1000} then redis.call('HDEL', key, watchers[j]) end
  end
  redis.call('PEXPIRE', key, ${WATCH_MS})
end
return 1`,
);

/** Ends what {@link WATCH} began. Arguments: the node, then the conversations. */
export const UNWATCH = new Script(
  'unwatch',
  `
for i = 2, #ARGV do redis.call('HDEL', KEYS[1] .. 'watch:' .. ARGV[i], ARGV[1]) end
return 1`,
);
