import type { Logger } from '../runtime/logger.js';
import type { LiveRuns } from './live-runs.js';
import type { RunExecutor } from './run-executor.js';
import type { RunStore, StoredRun } from '../store/run-store.js';
import type { RunOwner } from './run-owner.js';
import type { RunCheckpoint } from './run-worker.js';
import { Run } from './run.js';
import { within } from '../runtime/within.js';

/** What {@link Handover} takes. */
export interface HandoverOptions {
  readonly live: LiveRuns;
  readonly store: RunStore;
  readonly executor: RunExecutor;
  /** Whom the runs that go on tell of themselves. */
  readonly owner: RunOwner<Run>;
  readonly logger: Logger;
}

/** From one process to the next: takes over the runs an earlier one left, and leaves those that can wait. */
export class Handover {
  readonly #options: HandoverOptions;
  #onIdle: (() => void) | undefined;
  #isLeaving = false;

  constructor(options: HandoverOptions) {
    this.#options = options;
  }

  /** Whether {@link drain} has begun. */
  get isDraining(): boolean {
    return this.#onIdle !== undefined;
  }

  /** Whether all that works is over, and who still reads is sent away. */
  get isLeaving(): boolean {
    return this.#isLeaving;
  }

  /** A run an earlier process left: it goes on where it waited for a person, and is interrupted otherwise. */
  recover(stored: StoredRun): Run {
    const { executor, live, owner } = this.#options;
    const { meta, log } = stored;
    // Whoever asked for it by its id may have come first.
    const here = live.get(meta.owner, meta.id);
    if (here !== undefined) return here;
    const restore = executor.restore?.bind(executor);
    const checkpoint = restore === undefined ? undefined : this.#checkpointOf(stored);
    const state = checkpoint === undefined ? 'accepted' : 'waiting_approval';
    const run = new Run(meta, { id: meta.owner }, log, owner, checkpoint?.options, state);
    live.enter(live.reserve(meta), run);
    if (checkpoint !== undefined && restore !== undefined) {
      run.readers.emptySince = performance.now();
      run.start(() => restore(run, checkpoint.work));
      return run;
    }
    // As its work, so that whoever stops it meanwhile waits for what it left as well.
    run.start(async () => {
      try {
        await executor.recover?.(run, stored.draft);
      } catch (error) {
        owner.onFault(run, error);
      }
      run.stop({ state: 'interrupted' });
      return Promise.reject(new Error('The run was interrupted'));
    });
    return run;
  }

  /**
   * Waits until the runs in progress are over, for `ms` milliseconds at most, and interrupts the rest. Those that wait
   * for a person are left as they are where the store outlives the process, after the farewell: until then a person can
   * decide and cancel.
   */
  async drain(ms: number, farewell?: () => Promise<void>): Promise<void> {
    const { live, store } = this.#options;
    const idle = new Promise<void>((resolve) => (this.#onIdle = resolve));
    this.checkIdle();
    await within(ms, idle);
    const canWait = (run: Run): boolean => store.isDurable && run.state === 'waiting_approval';
    await this.#interrupt((run) => !canWait(run));
    this.#isLeaving = true;
    await farewell?.();
    for (const run of [...live]) if (canWait(run)) this.#suspend(run);
    // Somebody decided meanwhile.
    await this.#interrupt(() => true);
  }

  async #interrupt(isMeant: (run: Run) => boolean): Promise<void> {
    const runs = [...this.#options.live].filter(isMeant);
    for (const run of runs) run.stop({ state: 'interrupted' });
    await Promise.all(runs.map(({ ended }) => ended));
  }

  /** A run entered another state: whether all there is to wait for is a person, for whom the next process can wait. */
  checkIdle(): void {
    if (this.#onIdle === undefined) return;
    const { live, store } = this.#options;
    const canBeLeft = live.size > 0 && store.isDurable && [...live].every((run) => this.#canBeLeft(run));
    if (live.isEmpty || canBeLeft) this.#onIdle();
  }

  #canBeLeft({ state, meta: { owner, conversationId } }: Run): boolean {
    if (state === 'waiting_approval') return true;
    if (state !== 'queued' || conversationId === undefined) return false;
    return this.#options.live.ofConversation(owner, conversationId)[0]?.state === 'waiting_approval';
  }

  #suspend(run: Run): void {
    run.suspend();
    this.#options.live.setAside(run);
  }

  /** One that cannot be read is as none: the run is interrupted, and the server starts. */
  #checkpointOf({ state, checkpoint, meta }: StoredRun): RunCheckpoint | undefined {
    if (state !== 'waiting_approval' || checkpoint === undefined) return undefined;
    try {
      return JSON.parse(checkpoint) as RunCheckpoint;
    } catch (error) {
      this.#options.logger.error({ runId: meta.id, err: error }, 'A run cannot go on');
      return undefined;
    }
  }
}
