/** `agent-ws/bullmq`: the line of runs that wait for a worker, as a queue of BullMQ. */
import { checkOptions } from '../runtime/option-table.js';
import type { WorkQueue } from '../store/work-queue.js';
import { BullMqQueue } from './bullmq/bullmq-queue.js';
import { BULLMQ_QUEUE_OPTIONS, type BullMqQueueOptions } from './bullmq/options.js';

export type { Ticket, WorkQueue } from '../store/work-queue.js';
export type { BullMqQueueOptions } from './bullmq/options.js';

/**
 * Creates a queue of tickets for workers in Redis or Valkey: one job of BullMQ for each run that waits. A job only names its
 * run; the store decides who executes it, so a job that is delivered twice or lost does no harm.
 *
 * The first ticket of each owner is taken before the second of any other, and so on; of equals the one that was added first.
 * Connects at once, and connects again by itself; while Redis is away, its methods wait. Needs the package `bullmq`.
 * @throws OptionError if an option breaks its rule.
 */
export function createBullMqQueue(options: BullMqQueueOptions): WorkQueue {
  return new BullMqQueue(checkOptions(options, BULLMQ_QUEUE_OPTIONS));
}
