import { randomUUID } from 'node:crypto';
import type { Signer } from '../../store/signer.js';
import type { Logger } from '../../runtime/logger.js';
import { isFinal } from '../../store/run-state.js';
import type { RunMeta, StoredRun } from '../../store/run-store.js';
import { Epochs } from './epochs.js';
import { Followers } from './followers.js';
import type { HostedRun } from './hosted-run.js';
import { HostedRuns } from './hosted-runs.js';
import { Keys } from './keys.js';
import { Outage } from './outage.js';
import { RedisCalls, type Durability } from './redis-calls.js';
import type { RedisConnection, Reply } from './redis-client.js';
import { RedisRunStore } from './redis-run-store.js';
import { Retention, type RetentionSettings } from './retention.js';
import { TAKE_RUN } from './scripts/read.js';
import type { WritingRun } from './write.js';
import { WriteQueue, type QueueListener } from './write-queue.js';

/** Pause before a broken run is taken again, in milliseconds. */
const AGAIN_MS = 1_000;

/** What is told of the runs of this node. No method throws, and everything may be told more than once. */
export interface RunHooks {
  /** Other nodes want something of a run: see its record. */
  onFacts(run: StoredRun): void;
  /** The run is the first of its conversation now, and this node or none is its host. */
  onTurn(meta: RunMeta): void;
  /** The run must not go on here, and its readers must ask again: another node executes it, or it is lost. */
  onFenced(run: StoredRun): void;
  /** Readers of a run of another node must ask again: what they read is lost. */
  onUnreadable(run: StoredRun): void;
  /** This node is the host of the run and must end it. */
  onOrphan(run: StoredRun): void;
  /** The data of a partition is lost. */
  onLost(partition: number): void;
  /** Stops the runs that a new one replaces. */
  replace(base: string, keys: readonly string[]): void;
}

/** What {@link RedisParts} takes. */
export interface RedisPartsInit {
  readonly connection: RedisConnection;
  readonly keyPrefix: string;
  readonly durability: Durability;
  readonly retention: RetentionSettings;
  readonly isDurable: boolean;
  readonly signer: Signer;
  readonly logger: Logger;
}

const NOTHING: RunHooks = {
  onFacts: () => undefined,
  onTurn: () => undefined,
  onFenced: () => undefined,
  onUnreadable: () => undefined,
  onOrphan: () => undefined,
  onLost: () => undefined,
  replace: () => undefined,
};

/** Everything that works with the runs of this node in Redis. */
export class RedisParts implements QueueListener {
  /** The id of this node. */
  readonly node = randomUUID();
  readonly connection: RedisConnection;
  readonly keys: Keys;
  readonly outage: Outage;
  readonly signer: Signer;
  readonly calls: RedisCalls;
  readonly queue: WriteQueue;
  readonly hosted = new HostedRuns();
  readonly followers: Followers;
  readonly epochs: Epochs;
  readonly retention: Retention;
  readonly runs: RedisRunStore;
  hooks: RunHooks = NOTHING;

  private constructor({ connection, keyPrefix, durability, retention, isDurable, signer, logger }: RedisPartsInit) {
    const { node, hosted } = this;
    this.connection = connection;
    this.keys = new Keys(keyPrefix);
    this.outage = new Outage(connection, logger);
    this.signer = signer;
    this.calls = new RedisCalls(connection, this.outage, durability);
    this.queue = new WriteQueue(this.calls, this.keys, node, this);
    this.followers = new Followers(this.calls, node, signer, (run) => this.hooks.onUnreadable(run));
    this.epochs = new Epochs(this.calls, this.keys, (partition) => this.#lose(partition));
    this.retention = new Retention(this.calls, this.keys, node, retention, logger);
    const { calls, keys, queue, followers, epochs } = this;
    const parts = { calls, keys, node, queue, hosted, followers, epochs, retention: this.retention };
    const replace = (base: string, runs: readonly string[]): void => this.hooks.replace(base, runs);
    this.runs = new RedisRunStore({ ...parts, signer, replace, isDurable });
    // The Redis that answers now may have lost the last moments of the one before.
    connection.watch({ onReady: () => hosted.recent().forEach((run) => queue.check(run)) });
  }

  static async open(init: RedisPartsInit): Promise<RedisParts> {
    const parts = new RedisParts(init);
    await parts.epochs.load();
    return parts;
  }

  onFacts(run: WritingRun): void {
    this.#tell(run, (hosted) => this.hooks.onFacts(hosted));
  }

  onTurn(meta: RunMeta): void {
    this.hooks.onTurn(meta);
  }

  onFenced(run: WritingRun): void {
    const hosted = this.#giveUp(run);
    if (hosted !== undefined) this.hooks.onFenced(hosted);
  }

  onBroken(run: WritingRun): void {
    const hosted = this.#giveUp(run);
    if (hosted === undefined) return;
    this.hooks.onFenced(hosted);
    void this.#takeAgain(hosted);
  }

  onGone(run: WritingRun, epoch: string | undefined): void {
    const hosted = this.#giveUp(run);
    if (hosted === undefined) return;
    // An ended run may have passed its time.
    if (isFinal(hosted.state) && hosted.log.published === hosted.log.head) return;
    void this.epochs.check(run.meta.owner, epoch).then(
      () => this.hooks.onFenced(hosted),
      () => this.hooks.onFenced(hosted),
    );
  }

  onEnded(run: WritingRun, payer: string): void {
    this.#tell(run, (hosted) => this.hosted.onEnded(hosted));
    this.retention.onEnded(run.meta.owner, run.key, payer, run.log.bytes);
  }

  /** Writes what waits, as far as Redis answers, and closes the connection. */
  async close(): Promise<void> {
    this.followers.close();
    await this.queue.commit().catch(() => undefined);
    this.retention.close();
    this.outage.close();
    this.connection.close();
  }

  /** Nothing is known any more of the runs of a partition: also this node must not know them. */
  #lose(partition: number): void {
    const base = this.keys.base(partition);
    for (const run of [...this.hosted.values()]) if (run.base === base) this.#giveUp(run);
    this.followers.lose(base);
    this.hooks.onLost(partition);
  }

  #giveUp(run: WritingRun): HostedRun | undefined {
    const hosted = this.hosted.get(run.key);
    if (hosted !== run) return undefined;
    hosted.isOver = true;
    this.hosted.delete(hosted);
    return hosted;
  }

  #tell(run: WritingRun, tell: (hosted: HostedRun) => void): void {
    const hosted = this.hosted.get(run.key);
    if (hosted === run) tell(hosted);
  }

  /** Goes on with a run as Redis has it: what is lost cannot be written again, so the run is to be ended. */
  async #takeAgain(run: HostedRun): Promise<void> {
    try {
      const found = (await this.calls.read(TAKE_RUN, run.base, [run.key, this.node])) as readonly Reply[] | null;
      const record = this.runs.record(run.key, found?.[0] ?? null);
      if (record !== undefined) this.hooks.onOrphan(this.runs.host(record, String(found?.[1] ?? '')));
    } catch {
      // It cannot be done now; the run is still this node's.
      setTimeout(() => void this.#takeAgain(run), AGAIN_MS).unref();
    }
  }
}
