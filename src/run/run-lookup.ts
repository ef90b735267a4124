import { andThen, type Awaitable } from '../runtime/awaitable.js';
import type { Handover } from './handover.js';
import type { LiveRuns } from './live-runs.js';
import type { RunHandle } from './run-handle.js';
import { isFinal } from '../store/run-state.js';
import type { RunStore, StoredRun } from '../store/run-store.js';
import { StandingDecisions } from './standing-decisions.js';
import { StoredHandle } from './stored-handle.js';

/** Finds runs by their ids, wherever they are: in progress, about to be, or in the store. */
export class RunLookup {
  readonly #live: LiveRuns;
  readonly #store: RunStore;
  readonly #handover: Handover;
  readonly #decisions = new StandingDecisions();

  constructor(live: LiveRuns, store: RunStore, handover: Handover) {
    this.#live = live;
    this.#store = store;
    this.#handover = handover;
  }

  find(owner: string, id: string): Awaitable<RunHandle | undefined> {
    return this.here(owner, id) ?? this.#stored(owner, id);
  }

  /** What to read and command a run of the store by. */
  handleOf(stored: StoredRun): RunHandle {
    return this.#live.get(stored.meta.owner, stored.meta.id) ?? new StoredHandle(stored, this.#decisions);
  }

  /** A run in progress, or the one that comes of a claim; `undefined` for one that only the store may have. */
  here(owner: string, id: string): Awaitable<RunHandle | undefined> {
    const run = this.#live.get(owner, id);
    if (run !== undefined) return run;
    // Whatever comes of the claim: where it fails the id is as it was.
    return this.#live.claimOf(owner, id)?.then(() => this.find(owner, id));
  }

  #stored(owner: string, id: string): Awaitable<RunHandle | undefined> {
    return andThen(this.#store.open(owner, id), (first) => {
      // It may have come while the store was asked.
      const here = this.here(owner, id);
      if (here !== undefined || first === undefined) return here;
      if (isFinal(first.state) || this.#handover.isDraining) return this.handleOf(first);
      // Unfinished, and nobody works on it: its end could not be written. Looked at twice, for it may have ended meanwhile.
      return andThen(this.#store.open(owner, id), (stored) => {
        if (stored === undefined) return undefined;
        if (isFinal(stored.state)) return this.handleOf(stored);
        return this.here(owner, id) ?? this.#handover.recover(stored);
      });
    });
  }
}
