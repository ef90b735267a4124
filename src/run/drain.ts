import { within } from '../runtime/within.js';
import type { LiveRuns } from './live-runs.js';
import type { Run } from './run.js';

/** The shutdown of the runs: runs in progress end, and runs that wait for a person are left to another process. */
export class Drain {
  readonly #live: LiveRuns;
  #onIdle: (() => void) | undefined;
  #isLeaving = false;
  #isLeft = false;

  constructor(live: LiveRuns) {
    this.#live = live;
  }

  /** Whether {@link run} was called. */
  get isDraining(): boolean {
    return this.#onIdle !== undefined;
  }

  /** Whether all work is over. From now on the server closes connections; the closed ones have not left their runs. */
  get isLeaving(): boolean {
    return this.#isLeaving;
  }

  /**
   * Waits for the runs in progress for at most `ms` milliseconds, and interrupts the rest. If `isLeft`, runs that
   * wait for a person stay as they are until `beforeLeaving` is done: until then a person can decide and cancel. Another
   * process takes them over.
   */
  async run(ms: number, isLeft: boolean, beforeLeaving?: () => Promise<void>): Promise<void> {
    this.#isLeft = isLeft;
    const idle = new Promise<void>((resolve) => (this.#onIdle = resolve));
    this.checkIdle();
    await within(ms, idle);
    const canWait = (run: Run): boolean => isLeft && run.state === 'waiting_approval';
    await this.#interrupt((run) => !canWait(run));
    this.#isLeaving = true;
    await beforeLeaving?.();
    for (const run of [...this.#live]) if (canWait(run)) this.#suspend(run);
    // A run may have been approved meanwhile.
    await this.#interrupt(() => true);
  }

  /** Called when a run changes its state: ends the wait of {@link run} if every run in progress waits for a person. */
  checkIdle(): void {
    if (this.#onIdle === undefined) return;
    const live = this.#live;
    const canBeLeft = live.size > 0 && this.#isLeft && [...live].every((run) => this.#canBeLeft(run));
    if (live.isEmpty || canBeLeft) this.#onIdle();
  }

  async #interrupt(isMeant: (run: Run) => boolean): Promise<void> {
    const runs = [...this.#live].filter(isMeant);
    for (const run of runs) run.stop({ state: 'interrupted' });
    await Promise.all(runs.map(({ ended }) => ended));
  }

  #canBeLeft({ state, meta: { owner, conversationId } }: Run): boolean {
    if (state === 'waiting_approval') return true;
    if (state !== 'queued' || conversationId === undefined) return false;
    return this.#live.ofConversation(owner, conversationId)[0]?.state === 'waiting_approval';
  }

  #suspend(run: Run): void {
    run.suspend();
    this.#live.setAside(run);
  }
}
