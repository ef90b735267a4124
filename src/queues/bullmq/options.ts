import { aClusterSecret } from '../../store/cluster-secret.js';
import { LOGGER, type LoggerOption } from '../../runtime/logger-option.js';
import type { Checked, OptionTable } from '../../runtime/option-table.js';
import { aKeyPrefix, aRedisAddress } from '../../runtime/redis-access.js';
import { integer, methods } from '../../runtime/rule.js';
import type { RedisClient } from './connection.js';

/** What `createBullMqQueue` takes. */
export interface BullMqQueueOptions extends LoggerOption {
  /**
   * Address of Redis or Valkey: `redis://` or, encrypted, `rediss://`. Needs the package `@redis/client`.
   * @default none: `client` is used
   */
  url?: string | undefined;
  /**
   * Instead of `url`, a client of the package `@redis/client` or `redis`; for Redis Cluster and Sentinel, one of `ioredis`.
   * A client that `createClient` returns need not be connected: its options are used for connections of the queue. One of
   * `ioredis` needs `maxRetriesPerRequest: null`; it is used itself, and is yours to close.
   * @default none: `url` is used
   */
  client?: RedisClient | undefined;
  /**
   * What all keys begin with, in braces: the prefix of the store.
   * @default 'aw'
   */
  keyPrefix?: string | undefined;
  /**
   * Secrets of at least 16 characters that sign tickets: those of the store.
   * @default none: nothing is signed
   */
  clusterSecret?: string | readonly string[] | undefined;
  /**
   * Maximum number of runs that all workers together start in a minute, for a provider that bounds requests.
   * @default none
   */
  maxStartsPerMinute?: number | undefined;
}

export const BULLMQ_QUEUE_OPTIONS = {
  url: {
    text: 'Address of Redis or Valkey: `redis://` or, encrypted, `rediss://`.',
    rule: aRedisAddress,
    defaultText: 'none: `client` is used',
  },
  client: {
    text: 'Instead of `url`, a client of the package `@redis/client` or `redis`; for Redis Cluster and Sentinel, one of `ioredis`.',
    rule: methods('a client of the package @redis/client, redis or ioredis', ['duplicate']),
    defaultText: 'none: `url` is used',
  },
  keyPrefix: {
    text: 'What all keys begin with, in braces: the prefix of the store.',
    rule: aKeyPrefix,
    default: 'aw',
  },
  clusterSecret: {
    text: 'Secrets of at least 16 characters that sign tickets: those of the store.',
    rule: aClusterSecret,
    defaultText: 'none: nothing is signed',
  },
  maxStartsPerMinute: {
    text: 'Maximum number of runs that all workers together start in a minute, for a provider that bounds requests.',
    rule: integer(1),
    defaultText: 'none',
  },
  logger: LOGGER,
} as const satisfies OptionTable<BullMqQueueOptions>;

/** Options with their defaults. */
export type BullMqQueueSettings = Omit<Checked<BullMqQueueOptions, typeof BULLMQ_QUEUE_OPTIONS>, 'url' | 'client'>;
