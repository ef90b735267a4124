/** `agent-ws/bullmq`: the line of runs that wait for a worker, as a queue of BullMQ. */
import { checkOptions } from '../runtime/option-table.js';
import { urlOrClient } from '../runtime/redis-access.js';
import type { WorkQueue } from '../store/work-queue.js';
import { BullMqQueue } from './bullmq/bullmq-queue.js';
import { connect } from './bullmq/connection.js';
import { BULLMQ_QUEUE_OPTIONS, type BullMqQueueOptions } from './bullmq/options.js';
import { exportsOf } from '../runtime/exports-of.js';

export type { Ticket, WorkQueue } from '../store/work-queue.js';
export type { RedisClient } from './bullmq/connection.js';
export type { BullMqQueueOptions } from './bullmq/options.js';

/**
 * Opens the line of runs that wait for a worker, in Redis or Valkey: one job of BullMQ for each run. A job is a ticket: it
 * only names its run, and the store decides who executes the run, so a job that is delivered twice or lost does no harm.
 *
 * The first ticket of each owner is taken before the second of any other, and so on; of equals the one that was added first.
 * The queue connects again by itself; while Redis is away, its methods wait. Needs the package `bullmq`.
 * @throws OptionError if an option breaks its rule; an `Error` if no connection can be made within 5 s, if a package is
 *   missing, or if the Redis is a member of a Redis Cluster and the client is not one of `ioredis`.
 */
export async function createBullMqQueue(options: BullMqQueueOptions): Promise<WorkQueue> {
  const { url, client, ...settings } = checkOptions(options, BULLMQ_QUEUE_OPTIONS);
  const bullMq = await load();
  const queue = new BullMqQueue(bullMq, await connect(urlOrClient(url, client)), settings);
  await queue.open();
  return queue;
}

async function load(): Promise<typeof import('bullmq')> {
  try {
    return exportsOf(await import('bullmq'));
  } catch (cause) {
    throw new Error('The package bullmq is missing: run "npm install bullmq"', { cause });
  }
}
