import { RunReaders, type RunReader } from '../log/run-readers.js';
import type { RunLog } from '../log/run-log.js';
import type { RunState } from '../protocol/server-messages.js';
import type { Awaitable } from '../runtime/awaitable.js';
import type { Cluster, PassedDecision } from '../store/cluster.js';
import { isFinal } from '../store/run-state.js';
import type { RunMeta, StoredRun } from '../store/run-store.js';
import type { ApprovalCall, Decision } from './approvals.js';
import { decisionsIn, resolvedIn } from './decisions-in.js';
import type { RunHandle } from './run-handle.js';
import { notFound } from './run-errors.js';
import type { RunCheckpoint, RunOptions, StopCause } from './run-worker.js';

/**
 * A run that another node executes, or that waits for a worker. What is wanted of it is left as a fact for its host; what
 * comes of that is read from its log.
 */
export class RemoteRun implements RunHandle {
  readonly id: string;
  readonly meta: RunMeta;
  readonly log: RunLog;
  readonly options: RunOptions;
  /** The connections of this node that read the run. */
  readonly readers: RunReaders;
  /** How many runs of the conversation end before this one starts, as of the claim or the last turn. */
  position = 0;
  /** How many other runs of the owner were in progress as the run was claimed. */
  rank = 0;
  readonly #stored: StoredRun;
  readonly #cluster: Cluster;
  readonly #graceMs: number;
  /** Ends each wait for something in the log. */
  readonly #waits = new Set<() => void>();

  /** @param graceMs - how long a run that waits for a worker waits for readers that can come back, in milliseconds */
  constructor(stored: StoredRun, cluster: Cluster, graceMs: number) {
    this.id = stored.meta.id;
    this.meta = stored.meta;
    this.log = stored.log;
    this.options = optionsOf(stored);
    this.#stored = stored;
    this.#cluster = cluster;
    this.#graceMs = graceMs;
    this.readers = new RemoteReaders(stored.meta, cluster, (canReturn) => this.#onUnread(canReturn));
  }

  get state(): RunState {
    return this.#stored.state;
  }

  get head(): number {
    return this.log.head;
  }

  get isOver(): boolean {
    return isFinal(this.state);
  }

  /** The node that executes the run; `undefined` if it waits for a worker. */
  get host(): string | undefined {
    const { host } = this.#stored;
    return host === '' ? undefined : host;
  }

  /** Resolves when the final message is in the log, which is followed until then, or cannot be read any further. */
  get ended(): Promise<void> {
    return this.#until(() => this.isOver || undefined).then(() => undefined);
  }

  /** The log cannot be read any further: its readers, and whoever waits for something in it, have to look the run up again. */
  move(): void {
    this.readers.move();
    for (const end of [...this.#waits]) end();
  }

  /** The approval requests without a decision, as of the last time the run was looked up. */
  get approvals(): { readonly open: { readonly call: ApprovalCall; readonly expiresInMs: number }[] } {
    return { open: this.state === 'waiting_approval' ? openIn(this.#stored) : [] };
  }

  /** Asks the host to decide, and waits for what the log says: the first decision that reaches the host counts. */
  async decide(toolCallId: string, { approved, reason }: Decision): Promise<Decision | undefined> {
    const { owner, id } = this.meta;
    const from = this.log.published;
    if (!this.approvals.open.some(({ call }) => call.toolCallId === toolCallId)) {
      return (await decisionsIn(this.log)).get(toolCallId);
    }
    const decision: PassedDecision = { approved, by: 'principal', reason };
    await this.#cluster.decide(owner, id, toolCallId, decision);
    let after = from;
    const standing = await this.#until(async () => {
      const { found, seq } = await resolvedIn(this.log, after, toolCallId);
      after = seq;
      return found ?? (this.isOver && after >= this.log.published ? null : undefined);
    });
    if (standing === undefined) throw notFound();
    // The host may have decided before the run was looked up.
    return standing ?? (await decisionsIn(this.log)).get(toolCallId);
  }

  stop(cause: StopCause): Awaitable<void> {
    if (cause.state !== 'cancelled' || this.isOver) return;
    return this.#cluster.stop(this.meta.owner, this.id, cause.reason);
  }

  /** The host knows what becomes of a run that nobody reads. While a run has none, this is up to its readers. */
  #onUnread(canReturn: boolean): void {
    const { onDisconnect } = this.options;
    if (onDisconnect === 'continue') return;
    const abandon = (): void => {
      if (this.host !== undefined || this.isOver || this.readers.size > 0) return;
      this.#cluster.abandon?.(this.meta.owner, this.id);
    };
    setTimeout(abandon, onDisconnect === 'cancel' || !canReturn ? 0 : this.#graceMs).unref();
  }

  /** Follows the log until `find` gives something; `undefined` if the log cannot be read any further. */
  #until<T>(find: () => Awaitable<T | undefined>): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      let isLooking = false;
      let isAsked = true;
      const look = async (): Promise<void> => {
        isAsked = true;
        if (isLooking) return;
        isLooking = true;
        try {
          while (isAsked) {
            isAsked = false;
            const found = await find();
            if (found === undefined) continue;
            end(found);
            return;
          }
        } catch (error) {
          reject(error instanceof Error ? error : new Error('The log cannot be read', { cause: error }));
          end();
          return;
        } finally {
          isLooking = false;
        }
      };
      const end = (found?: T): void => {
        off();
        this.#waits.delete(giveUp);
        resolve(found);
      };
      const giveUp = (): void => end();
      const off = this.log.onPublished(() => void look());
      this.#waits.add(giveUp);
      void look();
    });
  }
}

/** Tells the host how the connections of this node read a run. */
class RemoteReaders extends RunReaders {
  readonly #meta: RunMeta;
  readonly #cluster: Cluster;
  #told = '';

  constructor(meta: RunMeta, cluster: Cluster, onEmpty: (canReturn: boolean) => void) {
    super(onEmpty);
    this.#meta = meta;
    this.#cluster = cluster;
  }

  override join(reader: RunReader): void {
    super.join(reader);
    this.#tell();
  }

  override leave(reader: RunReader): void {
    super.leave(reader);
    this.#tell();
  }

  override lag(lags: boolean): void {
    super.lag(lags);
    this.#tell();
  }

  #tell(): void {
    const { owner, id } = this.#meta;
    const reading = this.size === 0 ? undefined : { lags: this.lagging >= this.size, canReturn: this.canReturn };
    const told = reading === undefined ? '' : JSON.stringify(reading);
    if (told === this.#told) return;
    this.#told = told;
    this.#cluster.read(owner, id, reading);
  }
}

function optionsOf({ options }: StoredRun): RunOptions {
  return options === undefined ? {} : (JSON.parse(options) as RunOptions);
}

function openIn({ checkpoint, skewMs = 0 }: StoredRun): { call: ApprovalCall; expiresInMs: number }[] {
  if (checkpoint === undefined) return [];
  const { approvals = [] } = JSON.parse(checkpoint) as RunCheckpoint;
  return approvals.flatMap((call) =>
    call.decision === undefined ? [{ call, expiresInMs: Math.max(0, call.expiresAt + skewMs - Date.now()) }] : [],
  );
}
