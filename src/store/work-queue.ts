import type { Awaitable } from '../runtime/awaitable.js';
import type { QueueCounts } from './counts.js';

/** Names a run that waits for a worker. What is to be done is in the record of the run. */
export interface Ticket {
  readonly owner: string;
  readonly id: string;
}

/**
 * The line of runs that wait for a worker. A ticket may be lost or taken twice: the record of its run decides who executes
 * it, and lost tickets are added again.
 */
export interface WorkQueue {
  /**
   * Adds a ticket, unless the queue has it.
   * @param rank - how many runs of the owner wait or are executed already: of two tickets, the one with the lower rank is
   * taken first, so that nobody waits for all of somebody else's
   */
  add(ticket: Ticket, rank: number): Awaitable<void>;
  /** Removes a ticket that nobody has taken. */
  remove(ticket: Ticket): Awaitable<void>;
  /**
   * Takes tickets, `concurrency` at a time, until {@link WorkQueue.close}.
   * @param work - does the run of a ticket; resolves when it is over
   */
  take(concurrency: number, work: (ticket: Ticket) => Promise<void>): void;
  /** How many tickets are taken at a time: 0 before {@link WorkQueue.take}, and from {@link WorkQueue.close} on. */
  readonly concurrency: number;
  /** The place of each ticket in the line, from 1; `undefined` for one that is not in it. */
  positions(tickets: readonly Ticket[]): Awaitable<readonly (number | undefined)[]>;
  /** Number of tickets in the line. */
  size(): Awaitable<number>;
  /** How long one place in the line takes at present, in milliseconds; `undefined` if nothing is known. */
  readonly msPerPlace: number | undefined;
  /**
   * What is counted of the tickets, for metrics.
   * @default nothing is counted
   */
  readonly counts?: QueueCounts | undefined;
  /** Takes no more tickets, and waits until those that were taken are done. */
  close(): Promise<void>;
}
