import { Script } from '../script.js';

/** How many entries the control log keeps. */
export const CONTROL_LENGTH = 1_000;

/**
 * Appends to the control log. Arguments: the entry. Answers its id. The entry gets a number one higher than the last one,
 * so that a reader sees if entries between were deleted.
 */
export const TELL = new Script(
  'tell',
  `
local log = KEYS[1] .. 'control'
local last = redis.call('XREVRANGE', log, '+', '-', 'COUNT', 1)
local number = last[1] and tonumber(last[1][2][2]) + 1 or 1
return redis.call('XADD', log, 'MAXLEN', '=', ${CONTROL_LENGTH}, '*', 'n', number, 'e', ARGV[1])
`,
);
