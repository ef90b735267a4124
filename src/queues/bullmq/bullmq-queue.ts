import type { Job, Queue, RedisClient, Worker } from 'bullmq';
import { createHash } from 'node:crypto';
import type { Logger } from '../../runtime/logger.js';
import { CountedHistogram } from '../../runtime/counted-histogram.js';
import type { QueueCounts } from '../../store/counts.js';
import { FIRST_CONNECT_MS, isRefusal } from '../../runtime/redis-access.js';
import { Signer } from '../../store/signer.js';
import { orTimeout, within } from '../../runtime/within.js';
import type { Ticket, WorkQueue } from '../../store/work-queue.js';
import { cannotOpen, type QueueConnection } from './connection.js';
import type { BullMqQueueSettings } from './options.js';
import { COUNT_END, PLACES, type Script } from './scripts.js';

type BullMq = typeof import('bullmq');

/** The data of a job. */
interface SignedTicket extends Ticket {
  /** Empty without a secret, absent in jobs of others. */
  readonly signature?: string;
}

/** The name of the queue for BullMQ and its dashboards. */
const NAME = 'runs';
/** The lowest priority that BullMQ knows. */
const LAST_PRIORITY = 2_097_151;
/** How long a worker holds a ticket without renewing. A ticket of a worker that died is delivered again after that. */
const HOLD_MS = 10_000;
/** How many places are asked for in one call: Redis does nothing else meanwhile. */
const TICKETS_OF_CALL = 500;
/** Pause after an attempt of the worker that failed. In milliseconds. */
const RETRY_MS = 500;
/** How long each step of closing may wait for Redis. In milliseconds. */
const GOODBYE_MS = 2_000;

/** From a worker that is idle to a line of an hour, in milliseconds. */
const WAIT_BOUNDS_MS = [5, 10, 50, 100, 500, 1_000, 5_000, 15_000, 60_000, 300_000, 900_000, 3_600_000];

/** A {@link WorkQueue} of BullMQ. */
export class BullMqQueue implements WorkQueue {
  readonly #bullMq: BullMq;
  readonly #connection: QueueConnection;
  readonly #prefix: string;
  readonly #maxStartsPerMinute: number | undefined;
  readonly #logger: Logger;
  readonly #signer: Signer;
  readonly #queue: Queue<SignedTicket, void>;
  readonly #atWork = new Set<Promise<void>>();
  #worker: Worker<SignedTicket, void> | undefined;
  #closing: Promise<void> | undefined;
  #concurrency = 0;
  /** Why there is no connection yet: a refusal, or the last error. */
  #reason: unknown;
  /** Gives up the first connection, since no further attempt can succeed. */
  #giveUp: ((reason: unknown) => void) | undefined;
  #isAway = false;
  readonly #waits = new CountedHistogram(WAIT_BOUNDS_MS);
  msPerPlace: number | undefined;

  constructor(bullMq: BullMq, connection: QueueConnection, settings: BullMqQueueSettings) {
    this.#bullMq = bullMq;
    this.#connection = connection;
    this.#prefix = `{${settings.keyPrefix}}`;
    this.#maxStartsPerMinute = settings.maxStartsPerMinute;
    this.#logger = settings.logger;
    this.#signer = new Signer(settings.clusterSecret ?? [], settings.logger);
    this.#queue = new bullMq.Queue(NAME, {
      connection: connection.client,
      prefix: this.#prefix,
      defaultJobOptions: { attempts: 1, removeOnComplete: true, removeOnFail: true },
      // Nobody but a dashboard reads the events of the queue.
      streams: { events: { maxLen: 100 } },
    });
    this.#queue.on('error', (error) => this.#onError(error));
    connection.onReady(() => this.#onReady());
  }

  /** Waits for the connection. */
  async open(): Promise<void> {
    try {
      const refused = new Promise<never>((_, reject) => (this.#giveUp = reject));
      const client = await orTimeout(FIRST_CONNECT_MS, Promise.race([this.#client, refused]));
      if (!client.isCluster && (await client.info()).includes('cluster_enabled:1')) {
        throw new Error('For a Redis Cluster BullMQ needs a client of ioredis');
      }
      for (const { name, keys, lua } of [COUNT_END, PLACES]) client.defineCommand(name, { numberOfKeys: keys, lua });
    } catch (error) {
      // What fails while it closes is no reason.
      const reason = isRefusal(error) ? error : (this.#reason ?? error);
      await this.close();
      throw cannotOpen(reason);
    }
  }

  async add(ticket: Ticket, rank: number): Promise<void> {
    const priority = Math.min(1 + rank, LAST_PRIORITY);
    const jobId = jobIdOf(ticket);
    const { owner, id } = ticket;
    await this.#queue.add('run', { owner, id, signature: this.#signer.sign('ticket', jobId, '') }, { jobId, priority });
  }

  async remove(ticket: Ticket): Promise<void> {
    await this.#queue.remove(jobIdOf(ticket));
  }

  take(concurrency: number, work: (ticket: Ticket) => Promise<void>): void {
    if (this.#worker !== undefined) throw new Error('The queue gives tickets already');
    this.#concurrency = concurrency;
    const max = this.#maxStartsPerMinute;
    this.#work(
      () =>
        new this.#bullMq.Worker<SignedTicket, void>(NAME, (job) => this.#do(job, work), {
          connection: this.#connection.client,
          prefix: this.#prefix,
          concurrency,
          ...(max === undefined ? {} : { limiter: { max, duration: 60_000 } }),
          lockDuration: HOLD_MS,
          stalledInterval: HOLD_MS / 2,
          // A ticket is not the work: it is delivered as often as it takes.
          maxStalledCount: Number.MAX_SAFE_INTEGER,
          runRetryDelay: RETRY_MS,
          autorun: false,
        }),
    );
  }

  get concurrency(): number {
    return this.#closing === undefined ? this.#concurrency : 0;
  }

  async positions(tickets: readonly Ticket[]): Promise<readonly (number | undefined)[]> {
    const calls: Promise<readonly number[]>[] = [];
    for (let from = 0; from < tickets.length; from += TICKETS_OF_CALL) {
      calls.push(this.#look(tickets.slice(from, from + TICKETS_OF_CALL)).then(([, ...places]) => places));
    }
    return (await Promise.all(calls)).flat().map((place) => (place === 0 ? undefined : place));
  }

  async size(): Promise<number> {
    const [size] = await this.#look([]);
    return size;
  }

  get counts(): QueueCounts {
    return { waits: this.#waits, forged: this.#signer.forged.ticket };
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  /**
   * Starts a worker of BullMQ when it has its connections. If the first attempt fails, it never gets them and would ask
   * again without a pause, so another one takes its place.
   */
  #work(make: () => Worker<SignedTicket, void>): void {
    if (this.#closing !== undefined) return;
    const worker = (this.#worker = make());
    const onError = (error: unknown): void => this.#onError(error);
    worker.on('error', onError);
    worker.waitUntilReady().then(
      () => worker.run().catch(onError),
      (error: unknown) => {
        onError(error);
        worker.getBackend().disconnectBlocking(false).catch(onError);
        setTimeout(() => this.#work(make), RETRY_MS);
      },
    );
  }

  get #client(): Promise<RedisClient> {
    return this.#queue.getBackend().client;
  }

  get #line(): string {
    return this.#queue.toKey('prioritized');
  }

  get #ends(): string {
    return this.#queue.toKey('ends');
  }

  /** The length of the line and the place of each ticket. Measures how fast the line moves. */
  async #look(tickets: readonly Ticket[]): Promise<[size: number, ...places: number[]]> {
    const answer = await this.#run(PLACES, this.#line, this.#ends, ...tickets.map(jobIdOf));
    const [size = 0, ends = 0, elapsedMs = 0, ...places] = (answer as unknown[]).map(Number);
    this.msPerPlace = ends === 0 ? undefined : Math.max(elapsedMs, 1000) / ends;
    return [size, ...places];
  }

  async #run({ name }: Script, ...args: readonly string[]): Promise<unknown> {
    return (await this.#client).runCommand(name, [...args]) as Promise<unknown>;
  }

  async #do(
    { data, timestamp, attemptsStarted }: Job<SignedTicket, void>,
    work: (ticket: Ticket) => Promise<void>,
  ): Promise<void> {
    const ticket = { owner: data.owner, id: data.id };
    if (!this.#signer.accepts('ticket', jobIdOf(ticket), '', data.signature ?? '')) return;
    // A ticket of a worker that died has waited and was at work.
    if (attemptsStarted <= 1) this.#waits.add(Math.max(0, Date.now() - timestamp));
    const done = work(ticket).catch((error: unknown) => {
      this.#logger.error({ runId: ticket.id, err: error }, 'The run of a ticket failed');
    });
    this.#atWork.add(done);
    await done;
    this.#atWork.delete(done);
    // Only an estimate needs the number: nobody waits for it.
    this.#run(COUNT_END, this.#ends).catch((error: unknown) => this.#onError(error));
  }

  async #close(): Promise<void> {
    const closed = settled(this.#worker?.close());
    await Promise.all(this.#atWork);
    // Without Redis, none of them would end.
    await within(GOODBYE_MS, closed);
    await within(GOODBYE_MS, settled(this.#worker?.disconnect()));
    await within(GOODBYE_MS, settled(this.#queue.close()));
    this.#connection.end();
  }

  /** Says once that Redis is away, and not again at each attempt to connect. */
  #onError(error: unknown): void {
    if (!isRefusal(this.#reason)) this.#reason = error;
    if (isRefusal(error)) this.#giveUp?.(error);
    if (this.#closing !== undefined) return;
    if (this.#connection.isReady) {
      this.#logger.warn({ err: error }, 'The queue reports an error');
    } else if (!this.#isAway) {
      this.#isAway = true;
      this.#logger.warn({ err: error }, 'The queue cannot reach Redis: tickets wait');
    }
  }

  #onReady(): void {
    if (!this.#isAway || this.#closing !== undefined) return;
    this.#isAway = false;
    this.#logger.info({}, 'The queue reaches Redis again');
  }
}

async function settled(work: Promise<unknown> | undefined): Promise<void> {
  await Promise.allSettled([work]);
}

function jobIdOf({ owner, id }: Ticket): string {
  // As JSON, since UTF-8 has no form for half a surrogate pair.
  return createHash('sha256')
    .update(JSON.stringify([owner, id]))
    .digest('base64url')
    .slice(0, 22);
}
