import type { Logger } from '../runtime/logger.js';
import { isLater } from '../runtime/awaitable.js';
import type { Handover } from './handover.js';
import type { RunStore, StoredRun } from '../store/run-store.js';

/** Between two attempts to read what an earlier process left, in milliseconds. */
const RETRY_MS = 1_000;

/** Takes over the runs an earlier process left, as soon as the store gives them. */
export class Recovery {
  readonly #handover: Handover;
  readonly #store: RunStore;
  readonly #logger: Logger;
  #pending: Promise<void> | undefined;
  #retry: NodeJS.Timeout | undefined;
  #isStopped = false;

  /** @throws what a store throws that answers at once. */
  constructor(handover: Handover, store: RunStore, logger: Logger) {
    this.#handover = handover;
    this.#store = store;
    this.#logger = logger;
    const left = store.unfinished();
    if (isLater(left)) this.#await(left);
    else this.#takeOver(left);
  }

  /** Pending while the store has not answered; it rejects where an attempt fails, and the next one is then pending. */
  get pending(): Promise<void> | undefined {
    return this.#pending;
  }

  /** Makes no further attempts: what is left is the next process's. */
  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#retry);
  }

  #await(left: Promise<StoredRun[]>): void {
    const attempt = left.then(
      (runs) => {
        this.#pending = undefined;
        this.#takeOver(runs);
      },
      (error: unknown) => {
        this.#logger.error({ err: error }, 'The runs of an earlier process cannot be read yet');
        this.#await(this.#again());
        throw error;
      },
    );
    // Whoever waits for it is told; where nobody does, the log has it.
    attempt.catch(() => undefined);
    this.#pending = attempt;
  }

  async #again(): Promise<StoredRun[]> {
    await new Promise<void>((resolve) => {
      this.#retry = setTimeout(resolve, RETRY_MS);
      this.#retry.unref();
    });
    return this.#store.unfinished();
  }

  #takeOver(runs: readonly StoredRun[]): void {
    if (this.#isStopped) return;
    for (const stored of runs) this.#handover.recover(stored);
  }
}
