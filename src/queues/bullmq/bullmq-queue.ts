import { createHash } from 'node:crypto';
import { Queue, Worker, type Job, type RedisClient } from 'bullmq';
import type { Logger } from '../../runtime/logger.js';
import { within } from '../../runtime/within.js';
import type { Ticket, WorkQueue } from '../../store/work-queue.js';
import { connectionFor, type QueueConnection } from './connection.js';
import type { BullMqQueueSettings } from './options.js';
import { COUNT_END, PLACES, type Script } from './scripts.js';

/** The name of the queue for BullMQ and its dashboards. */
const NAME = 'runs';
/** The lowest priority that BullMQ knows. */
const LAST_PRIORITY = 2_097_151;
/** How long a worker holds a ticket without renewing. A ticket of a worker that died is delivered again after that. */
const HOLD_MS = 10_000;
/** How long to wait for Redis when the queue closes. */
const GOODBYE_MS = 2_000;

/** A {@link WorkQueue} of BullMQ. */
export class BullMqQueue implements WorkQueue {
  readonly #connection: QueueConnection;
  readonly #prefix: string;
  readonly #maxStartsPerMinute: number | undefined;
  readonly #logger: Logger;
  readonly #queue: Queue<Ticket, void, string>;
  readonly #client: Promise<RedisClient>;
  readonly #atWork = new Set<Promise<void>>();
  #worker: Worker<Ticket, void> | undefined;
  #closing: Promise<void> | undefined;
  #isAway = false;
  msPerPlace: number | undefined;

  constructor({ client, keyPrefix, maxStartsPerMinute, logger }: BullMqQueueSettings) {
    this.#prefix = `{${keyPrefix}}`;
    this.#maxStartsPerMinute = maxStartsPerMinute;
    this.#logger = logger;
    this.#connection = connectionFor(client);
    this.#queue = new Queue(NAME, {
      connection: this.#connection.client,
      prefix: this.#prefix,
      defaultJobOptions: { attempts: 1, removeOnComplete: true, removeOnFail: true },
      // Nobody reads the events of the queue but a dashboard.
      streams: { events: { maxLen: 100 } },
    });
    this.#queue.on('error', (error) => this.#onError(error));
    this.#client = this.#prepare();
    // Whoever uses the client gets the error.
    this.#client.catch(() => undefined);
  }

  async add(ticket: Ticket, rank: number): Promise<void> {
    const priority = Math.min(1 + rank, LAST_PRIORITY);
    await this.#queue.add('run', ticket, { jobId: jobIdOf(ticket), priority });
  }

  async remove(ticket: Ticket): Promise<void> {
    await this.#queue.remove(jobIdOf(ticket));
  }

  take(concurrency: number, work: (ticket: Ticket) => Promise<void>): void {
    if (this.#worker !== undefined) throw new Error('The queue gives tickets already');
    const max = this.#maxStartsPerMinute;
    this.#worker = new Worker(NAME, (job) => this.#do(job, work), {
      connection: this.#connection.client,
      prefix: this.#prefix,
      concurrency,
      ...(max === undefined ? {} : { limiter: { max, duration: 60_000 } }),
      lockDuration: HOLD_MS,
      stalledInterval: HOLD_MS / 2,
      // A ticket is not the work: it may be delivered as often as it takes.
      maxStalledCount: Number.MAX_SAFE_INTEGER,
      runRetryDelay: 500,
    });
    this.#worker.on('error', (error) => this.#onError(error));
  }

  async positions(tickets: readonly Ticket[]): Promise<readonly (number | undefined)[]> {
    if (tickets.length === 0) return [];
    const [, ...places] = await this.#look(tickets);
    return places.map((place) => (place === 0 ? undefined : place));
  }

  async size(): Promise<number> {
    const [size] = await this.#look([]);
    return size;
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #prepare(): Promise<RedisClient> {
    const client = await this.#queue.getBackend().client;
    for (const { name, keys, lua } of [COUNT_END, PLACES]) client.defineCommand(name, { numberOfKeys: keys, lua });
    return client;
  }

  async #run({ name }: Script, ...args: readonly string[]): Promise<unknown> {
    return (await this.#client).runCommand(name, [...args]) as Promise<unknown>;
  }

  /** The length of the line and the place of each ticket. Measures how fast the line moves. */
  async #look(tickets: readonly Ticket[]): Promise<[size: number, ...places: number[]]> {
    const answer = await this.#run(PLACES, this.#line, this.#ends, ...tickets.map(jobIdOf));
    const [size = 0, ends = 0, elapsedMs = 0, ...places] = (answer as unknown[]).map(Number);
    this.msPerPlace = ends === 0 ? undefined : Math.max(elapsedMs, 1000) / ends;
    return [size, ...places];
  }

  get #line(): string {
    return this.#queue.toKey('prioritized');
  }

  get #ends(): string {
    return this.#queue.toKey('ends');
  }

  async #do({ data }: Job<Ticket, void>, work: (ticket: Ticket) => Promise<void>): Promise<void> {
    const done = work({ owner: data.owner, id: data.id }).catch((error: unknown) => {
      this.#logger.error({ runId: data.id, err: error }, 'A ticket could not be worked on');
    });
    this.#atWork.add(done);
    await done;
    this.#atWork.delete(done);
    // Counted for the estimate only: nobody waits for it.
    this.#run(COUNT_END, this.#ends).catch((error: unknown) => this.#onError(error));
  }

  async #close(): Promise<void> {
    const closed = this.#worker?.close();
    await Promise.all(this.#atWork);
    // Without Redis neither would end.
    await within(GOODBYE_MS, settled(closed));
    await within(GOODBYE_MS, settled(this.#worker?.disconnect()));
    await within(GOODBYE_MS, settled(this.#queue.close()));
    this.#connection.end();
  }

  /** Says once that Redis is away, and not again at each attempt. */
  #onError(error: unknown): void {
    if (this.#closing !== undefined) return;
    if (this.#connection.isReady) {
      this.#isAway = false;
      this.#logger.warn({ err: error }, 'The queue reports an error');
    } else if (!this.#isAway) {
      this.#isAway = true;
      this.#logger.warn({ err: error }, 'The queue cannot reach Redis: tickets wait');
    }
  }
}

async function settled(work: Promise<unknown> | undefined): Promise<void> {
  await Promise.allSettled([work]);
}

function jobIdOf({ owner, id }: Ticket): string {
  // As JSON, since UTF-8 has no form for half a surrogate pair.
  return createHash('sha256').update(JSON.stringify([owner, id])).digest('base64url').slice(0, 22);
}
