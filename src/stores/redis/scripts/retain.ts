import { OnceScript, Script } from '../script.js';

/** Most runs that one call drops. */
const MOST = 100;

/** `drop(base, member)`: deletes a log, of which the id stays. `forget(base, member)`: deletes an id. */
const PARTS = `
local function parse(member)
  return string.match(member, '^([^:]*):([^:]*):([^:]*)$')
end
local function drop(base, member, at)
  local run, _, owner = parse(member)
  redis.call('ZREM', base .. 'ended', member)
  redis.call('ZREM', base .. 'runs:' .. owner, run)
  redis.call('DEL', base .. 'r:' .. run, base .. 'l:' .. run)
  redis.call('ZADD', base .. 'ids', at, member)
end
local function forget(base, member)
  local run = parse(member)
  redis.call('ZREM', base .. 'ids', member)
  redis.call('DEL', base .. 'id:' .. run, base .. 't:' .. run)
end
`;

/**
 * Deletes logs and ids of runs whose time is over. Arguments: time or nothing, time that logs are kept or nothing, time that
 * ids are kept or nothing, all in milliseconds, then the bases of partitions. Returns the dropped logs and the forgotten ids
 * of each partition, each as `<run>:<payer>:<owner>`; nothing if there are none.
 */
export const RETAIN = new OnceScript(
  'retain',
  `${PARTS}
local time = redis.call('TIME')
local now = ARGV[1] == '' and time[1] * 1000 + math.floor(time[2] / 1000) or tonumber(ARGV[1])
local function past(key, kept)
  if kept == '' then return {} end
  return redis.call('ZRANGEBYSCORE', key, '-inf', now - kept, 'WITHSCORES', 'LIMIT', 0, ${MOST})
end
local answers, isDone = {}, false
for i = 4, #ARGV do
  local base, dropped, forgotten = ARGV[i], {}, {}
  local logs = past(base .. 'ended', ARGV[2])
  for j = 1, #logs, 2 do
    drop(base, logs[j], logs[j + 1])
    dropped[#dropped + 1] = logs[j]
  end
  local ids = past(base .. 'ids', ARGV[3])
  for j = 1, #ids, 2 do
    forget(base, ids[j])
    forgotten[#forgotten + 1] = ids[j]
  end
  answers[#answers + 1] = { dropped, forgotten }
  isDone = isDone or #logs > 0 or #ids > 0
end
return isDone and answers`,
);

/** Deletes the log of an ended run, to make room. Argument: `<run>:<payer>:<owner>`. Returns 1 if it was there. */
export const DROP_LOG = new OnceScript(
  'drop_log',
  `${PARTS}
local at = redis.call('ZSCORE', KEYS[1] .. 'ended', ARGV[1])
if at then drop(KEYS[1], ARGV[1], at) end
return at and 1`,
);

/** Forgets the id of a run, to make room. Argument: `<run>:<payer>:<owner>`. */
export const FORGET_ID = new Script(
  'forget_id',
  `${PARTS}
if redis.call('ZSCORE', KEYS[1] .. 'ids', ARGV[1]) then forget(KEYS[1], ARGV[1]) end
return 1`,
);
