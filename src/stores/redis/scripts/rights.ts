import { Script } from '../script.js';

/**
 * Does what scripts do to keys and channels, and leaves nothing behind. Redis does not take back what a script did before
 * a command that the user may not use, so the rights are tried before anything is stored.
 */
export const CHECK_RIGHTS = new Script(
  'check_rights',
  `
local key = KEYS[1] .. 'rights'
redis.call('TIME')
redis.call('PUBLISH', CHANNEL .. 'rights', '')
redis.call('XADD', key, '*', 'n', '')
redis.call('XRANGE', key, '-', '+')
redis.call('DEL', key)
return 1`,
);
