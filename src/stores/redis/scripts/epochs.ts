import { Script } from '../script.js';

/** Argument: a UUID. Returns the epoch of the partition: the UUID, if there was none. */
export const FIND_EPOCH = new Script(
  'find_epoch',
  `
redis.call('SETNX', KEYS[1] .. 'epoch', ARGV[1])
return redis.call('GET', KEYS[1] .. 'epoch')`,
);
