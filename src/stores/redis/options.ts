import { LOGGER, type LoggerOption } from '../../runtime/logger-option.js';
import { omit, type OptionTable } from '../../runtime/option-table.js';
import { aClusterSecret } from '../../store/cluster-secret.js';
import { aKeyPrefix, aRedisAddress } from '../../runtime/redis-access.js';
import { choice, delay, methods } from '../../runtime/rule.js';
import { CONVERSATION_OPTIONS } from '../conversation-options.js';
import { RETENTION_OPTIONS, type RetentionOptions } from '../retention-options.js';
import type { RedisClientLike } from './redis-client.js';

/** What `createRedisStore` takes. */
export interface RedisStoreOptions extends Omit<RetentionOptions, 'clock'>, LoggerOption {
  /**
   * Address of Redis or Valkey: `redis://` or, encrypted, `rediss://`. If it is a member of a Redis Cluster, the others
   * are found.
   * @default none: `client` is used
   */
  url?: string | undefined;
  /**
   * Instead of `url`, a client of the package `@redis/client` or `redis`, made with `createClient`, `createCluster` or
   * `createSentinel`. Its options are used for connections of the store; it need not be connected.
   * @default none: `url` is used
   */
  client?: RedisClientLike | undefined;
  /**
   * What all keys begin with. Nodes with the same prefix are one cluster.
   * @default 'aw'
   */
  keyPrefix?: string | undefined;
  /**
   * What a commit waits for: `normal`, until Redis has it in memory; `disk`, until it is in the append-only file, which
   * needs Redis 7.2 or Valkey; `replica`, until one replica has it.
   * @default 'normal'
   */
  durability?: 'normal' | 'disk' | 'replica' | undefined;
  /**
   * How often a node tells the others that it lives. In milliseconds.
   * @default 2000
   */
  beatMs?: number | undefined;
  /**
   * How long a node may be silent until the others count it as dead and take over its runs. In milliseconds, at least twice
   * `beatMs`.
   * @default 8000
   */
  leaseMs?: number | undefined;
  /**
   * Secrets of at least 16 characters that sign what nodes tell each other through Redis, so that whoever can write to
   * Redis cannot decide for a person. The first signs, all are accepted: to change the secret, first add the new one at the
   * end everywhere, then put it first, then leave the old one out.
   * @default none: nothing is signed
   */
  clusterSecret?: string | readonly string[] | undefined;
  /**
   * Size of all conversations together. In bytes; the owner that holds most loses those first that it has
   * not changed for the longest time, and last of all one that is larger by itself.
   * @default 134217728
   */
  maxConversationBytes?: number | undefined;
  /**
   * Size of the conversations of one owner. In bytes; those not changed for the longest time go first.
   * @default maxConversationBytes
   */
  maxOwnerConversationBytes?: number | undefined;
}

export const REDIS_STORE_OPTIONS = {
  url: {
    text: 'Address of Redis or Valkey: `redis://` or, encrypted, `rediss://`.',
    rule: aRedisAddress,
    defaultText: 'none: `client` is used',
  },
  client: {
    text: 'Instead of `url`, a client of the package `@redis/client` or `redis`, made with `createClient`, `createCluster` or `createSentinel`.',
    rule: methods('a client of the package @redis/client or redis', ['duplicate']),
    defaultText: 'none: `url` is used',
  },
  keyPrefix: {
    text: 'What all keys begin with.',
    rule: aKeyPrefix,
    default: 'aw',
  },
  durability: {
    text: 'What a commit waits for: `normal`, until Redis has it in memory; `disk`, until it is in the append-only file, which needs Redis 7.2 or Valkey; `replica`, until one replica has it.',
    rule: choice('normal', 'disk', 'replica'),
    default: 'normal',
  },
  beatMs: {
    text: 'How often a node tells the others that it lives.',
    rule: delay(100),
    default: 2_000,
  },
  leaseMs: {
    text: 'How long a node may be silent until the others count it as dead and take over its runs.',
    rule: delay(200),
    default: 8_000,
  },
  clusterSecret: {
    text: 'Secrets of at least 16 characters that sign what nodes tell each other through Redis, so that whoever can write to Redis cannot decide for a person.',
    rule: aClusterSecret,
    defaultText: 'none: nothing is signed',
  },
  ...CONVERSATION_OPTIONS,
  ...omit(RETENTION_OPTIONS, 'clock'),
  logger: LOGGER,
} as const satisfies OptionTable<RedisStoreOptions>;
