import type { RedisConnectionClient } from 'bullmq';
import { LOGGER, type LoggerOption } from '../../runtime/logger-option.js';
import type { Checked, OptionTable } from '../../runtime/option-table.js';
import { integer, methods, text } from '../../runtime/rule.js';

/** What `createBullMqQueue` takes. */
export interface BullMqQueueOptions extends LoggerOption {
  /**
   * A client of `@redis/client`, which need not be connected: the queue connects duplicates of it, two more if it takes tickets.
   * Or, for a Redis Cluster, a client of `ioredis` with `maxRetriesPerRequest: null`, which is used itself.
   */
  client: RedisConnectionClient;
  /**
   * The key prefix of the store: keys of the queue begin with it in braces.
   * @default 'aw'
   */
  keyPrefix?: string | undefined;
  /**
   * Maximum number of runs that all workers together start in a minute, for a provider that bounds requests.
   * @default none
   */
  maxStartsPerMinute?: number | undefined;
}

const keyPrefix = text('letters, digits, _ and -', (value) => /^[\w-]+$/.test(value));

export const BULLMQ_QUEUE_OPTIONS = {
  client: {
    text: 'A client of `@redis/client`, or of `ioredis` for a Redis Cluster.',
    rule: methods('a client of @redis/client or ioredis', ['connect', 'duplicate', 'on']),
    required: true,
  },
  keyPrefix: {
    text: 'The key prefix of the store: keys of the queue begin with it in braces.',
    rule: keyPrefix,
    default: 'aw',
  },
  maxStartsPerMinute: {
    text: 'Maximum number of runs that all workers together start in a minute, for a provider that bounds requests.',
    rule: integer(1),
    defaultText: 'none',
  },
  logger: LOGGER,
} as const satisfies OptionTable<BullMqQueueOptions>;

/** Options with their defaults. */
export type BullMqQueueSettings = Checked<BullMqQueueOptions, typeof BULLMQ_QUEUE_OPTIONS>;
