import { Script } from '../script.js';
import { ADD_MESSAGES } from './conversations.js';
import { RECORD, TIME, WAKES } from './prelude.js';

/** How long a record outlives its time, in milliseconds, if no node is there to delete it. */
const SPARE_MS = 60_000;

/** How a run took its part of a call. */
export const OK = 0;
/** The part was written before. */
export const DONE = 1;
/** Redis has lost what was written before. */
export const GAP = 2;
/** Another node executes the run. */
export const FENCED = 3;
/** There is no such run. */
export const GONE = 4;

/**
 * `finish(ctx, …)`: ends a run. `turn(ctx, conversation)`: tells whose turn it is in a conversation. `ownTurn(ctx)`: tells the host of a
 * run that waits for its turn if it has it, since what it was told may be lost, or came before the host knew of the run.
 * `leave(ctx, conversation)`: the run no longer waits there for its turn, or has it.
 */
const END = `
local KEPT = { meta = 1, hash = 1, host = 1, gen = 1, f = 1, w = 1, o = 1, c = 1, p = 1, state = 1 }
local function turn(ctx, conversation)
  if not conversation or conversation == '' then return end
  local next = redis.call('LINDEX', ctx.base .. 'line:' .. conversation, 0)
  if not next then return end
  local its = redis.call('HMGET', ctx.base .. 'r:' .. next, 'host', 'meta')
  if not its[1] then return end
  if its[1] == '' or its[1] == NODE then ctx.turn = its[2] else wake(its[1], 't' .. ctx.base .. next) end
end
local function ownTurn(ctx)
  local of = redis.call('HMGET', ctx.key, 'c', 'state', 'meta')
  if of[1] == '' or of[2] ~= 'queued' then return end
  if redis.call('LINDEX', ctx.base .. 'line:' .. of[1], 0) == ctx.run then ctx.turn = of[3] end
end
local function leave(ctx, conversation)
  if conversation == '' then return end
  redis.call('LREM', ctx.base .. 'line:' .. conversation, 1, ctx.run)
  turn(ctx, conversation)
end
local function finish(ctx, state, bytes, clock, retain, remember)
  local key, base, run = ctx.key, ctx.base, ctx.run
  local of = redis.call('HMGET', key, 'o', 'c', 'p', 'hash')
  local now = clock == '' and math.floor(micros() / 1000) or tonumber(clock)
  local drop = {}
  for _, field in ipairs(redis.call('HKEYS', key)) do
    if not KEPT[field] then drop[#drop + 1] = field end
  end
  if #drop > 0 then redis.call('HDEL', key, unpack(drop)) end
  redis.call('HSET', key, 'state', state, 'bytes', bytes, 'at', now)
  redis.call('DEL', base .. 'x:' .. run)
  redis.call('HDEL', base .. 'live', run)
  redis.call('SREM', base .. 'own:' .. of[1], run)
  -- Ends of one millisecond keep their order.
  local order = now + redis.call('INCR', base .. 'ends') % 4096 / 4096
  redis.call('ZADD', base .. 'ended', order, table.concat({ run, of[3], of[1] }, ':'))
  redis.call('SET', base .. 'id:' .. run, of[4])
  if remember ~= '' then redis.call('PEXPIRE', base .. 'id:' .. run, remember + ${SPARE_MS}) end
  if remember ~= '' then redis.call('PEXPIRE', base .. 't:' .. run, remember + ${SPARE_MS}) end
  if retain ~= '' then
    redis.call('PEXPIRE', key, retain + ${SPARE_MS})
    redis.call('PEXPIRE', base .. 'l:' .. run, retain + ${SPARE_MS})
  end
  ctx.payer = of[3]
  leave(ctx, of[2])
end
local function isFinal(state)
  return state == 'finished' or state == 'failed' or state == 'cancelled' or state == 'interrupted'
end
`;

/**
 * What can be written, each with its position after the arguments: `s`, a state, a checkpoint or nothing, and how far the clock of
 * the node is ahead; `x`, text of a
 * draft; `z`, the end; `u`, that there is no such run after all; `m`, messages of a conversation.
 */
const OPERATIONS = `
local operations = {
  s = function(ctx, at)
    if not isFinal(redis.call('HGET', ctx.key, 'state')) then
      redis.call('HSET', ctx.key, 'state', ARGV[at])
      if ARGV[at + 1] == '' then redis.call('HDEL', ctx.key, 'checkpoint')
      else redis.call('HSET', ctx.key, 'checkpoint', ARGV[at + 1], 'ahead', ARGV[at + 2]) end
      if ARGV[at] == 'queued' then ownTurn(ctx) end
    end
    return at + 3
  end,
  x = function(ctx, at)
    redis.call('APPEND', ctx.base .. 'x:' .. ctx.run, ARGV[at])
    return at + 1
  end,
  z = function(ctx, at)
    if not isFinal(redis.call('HGET', ctx.key, 'state')) then finish(ctx, unpack(ARGV, at, at + 4)) end
    return at + 5
  end,
  u = function(ctx, at)
    local of = redis.call('HMGET', ctx.key, 'o', 'c')
    redis.call('DEL', ctx.key)
    redis.call('HDEL', ctx.base .. 'live', ctx.run)
    redis.call('SREM', ctx.base .. 'own:' .. of[1], ctx.run)
    redis.call('ZREM', ctx.base .. 'runs:' .. of[1], ctx.run)
    leave(ctx, of[2])
    return at
  end,
  m = function(ctx, at)
    local charge, after = addMessages(ctx.base, ARGV, at)
    ctx.results = ctx.results or {}
    ctx.results[#ctx.results + 1] = charge
    return after
  end,
}
`;

/**
 * Writes what gathered in a node, of many runs, in its order. A run takes all of its part or nothing of it.
 *
 * Arguments: node, then operations. What is longer than one character selects a run, and entries follow. It says in
 * one argument, since each takes time here and at the node: the number of this write or nothing (without a run, a number that
 * tells the writes of one owner from those of others), that of the last write that was answered, seq of the first entry or
 * nothing, how many entries follow, how many arguments follow that belong to the run, entries included; run or nothing; base.
 * `e` adds entries after other operations: how many, then each. Others: see `operations`.
 * Writes other than entries have numbers, so that a call that is sent again, and arrives twice, is executed once.
 *
 * Returns of each run in the order of the first selection its number of facts, or, if there is more to say: how it took its
 * part, number of facts, newest seq, number of the last write, current epoch if the run is gone, meta of a run whose turn it
 * is, payer if it ended, and the results.
 */
export const WRITE = new Script(
  'write',
  `${WAKES}${RECORD}${TIME}
local NODE = ARGV[1]
${ADD_MESSAGES}${END}${OPERATIONS}
local contexts, known = {}, {}
local function select(base, run, number, last, first)
  local name = run == '' and number or run
  local ctx = known[name]
  if ctx then return ctx end
  ctx = { base = base, run = run, status = ${OK} }
  known[name] = ctx
  contexts[#contexts + 1] = ctx
  if run == '' then return ctx end
  ctx.key = base .. 'r:' .. run
  local of = redis.call('HMGET', ctx.key, 'host', 'w', 'f', 'gen', 'nodes')
  if not of[1] then
    ctx.status, ctx.epoch = ${GONE}, redis.call('GET', base .. 'epoch')
    return ctx
  end
  local written = of[2] or '0'
  ctx.number, ctx.facts, ctx.gen, ctx.nodes = written, of[3], of[4], of[5]
  if of[1] ~= NODE then ctx.status = ${FENCED} return ctx end
  if written ~= last and tonumber(written) < tonumber(last) then ctx.status = ${GAP} end
  if number ~= '' and tonumber(written) >= tonumber(number) then ctx.status = ${DONE} end
  if first ~= '' or ctx.status == ${GAP} then
    ctx.log = base .. 'l:' .. run
    -- Nothing is ever taken out of a log.
    ctx.head = redis.call('XLEN', ctx.log)
    if first ~= '' then
      ctx.seq = tonumber(first)
      if ctx.seq > ctx.head + 1 then ctx.status = ${GAP} end
    end
  end
  if ctx.status == ${OK} and number ~= '' then
    ctx.number = number
    redis.call('HSET', ctx.key, 'w', number)
  end
  return ctx
end
local function append(ctx, at, count)
  if not ctx.seq then return end
  local past = at + count
  -- A call that came before may have written the first ones.
  local from = at + math.max(0, ctx.head + 1 - ctx.seq)
  ctx.seq = ctx.seq + count
  if from >= past then return end
  if ctx.nodes then
    local fresh = table.concat(ARGV, ',', from, past - 1)
    if ctx.entries then ctx.entries = ctx.entries .. ',' .. fresh
    else ctx.first, ctx.entries = ctx.head + 1, fresh end
  end
  for i = from, past - 1 do
    ctx.head = ctx.head + 1
    redis.call('XADD', ctx.log, ctx.head .. '-0', 'e', ARGV[i])
  end
end
local at, ctx, past, most = 2, nil, 0, #ARGV
while at <= most do
  local name = ARGV[at]
  if #name > 1 then
    local number, last, first, count, size, run, base =
      string.match(name, '^(%d*) (%d+) (%d*) (%d+) (%d+) ([^ ]*) (.+)$')
    ctx = select(base, run, number, last, first)
    at = at + 1
    past = at + size
    if ctx.status ~= ${OK} then
      if ctx.status == ${DONE} and ARGV[past - 6] == 'z' then turn(ctx, redis.call('HGET', ctx.key, 'c')) end
      at = past
    elseif at == past and ctx.key then
      ownTurn(ctx)
    else
      append(ctx, at, count)
      at = at + count
    end
  elseif name == 'e' then
    local count = tonumber(ARGV[at + 1])
    append(ctx, at + 2, count)
    at = at + 2 + count
  else
    at = operations[name](ctx, at + 1)
  end
end
local answers = {}
for i, ctx in ipairs(contexts) do
  if ctx.entries then
    wakeReaders(ctx.nodes, '["' .. ctx.run .. '",' .. ctx.gen .. ',' .. ctx.first .. ',[' .. ctx.entries .. ']]')
  end
  local facts = tonumber(ctx.facts or 0)
  if ctx.status == ${OK} and not (ctx.turn or ctx.payer or ctx.results) then
    answers[i] = facts
  else
    local turn, payer, results = ctx.turn or false, ctx.payer or false, ctx.results or false
    answers[i] = { ctx.status, facts, ctx.head or 0, ctx.number or '0', ctx.epoch or false, turn, payer, results }
  end
end
publish()
return answers`,
);
