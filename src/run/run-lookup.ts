import { andThen, type Awaitable } from '../runtime/awaitable.js';
import type { ClusterRuns } from './cluster-runs.js';
import type { Drain } from './drain.js';
import type { LiveRuns } from './live-runs.js';
import type { Recovery } from './recovery.js';
import type { RunHandle } from './run-handle.js';
import { isFinal } from '../store/run-state.js';
import type { RunStore, StoredRun } from '../store/run-store.js';
import { DecisionCache } from './decision-cache.js';
import { StoredHandle } from './stored-handle.js';

/** Finds runs by their ids: in progress, being claimed, or in the store. */
export class RunLookup {
  readonly #live: LiveRuns;
  readonly #store: RunStore;
  readonly #drain: Drain;
  readonly #recovery: Recovery;
  readonly #decisions = new DecisionCache();

  readonly #cluster: ClusterRuns | undefined;

  constructor(live: LiveRuns, store: RunStore, drain: Drain, recovery: Recovery, cluster: ClusterRuns | undefined) {
    this.#cluster = cluster;
    this.#live = live;
    this.#store = store;
    this.#drain = drain;
    this.#recovery = recovery;
  }

  find(owner: string, id: string): Awaitable<RunHandle | undefined> {
    return this.here(owner, id) ?? this.#stored(owner, id);
  }

  /** The handle of a stored run. */
  handleOf(stored: StoredRun): RunHandle {
    const here = this.#live.get(stored.meta.owner, stored.meta.id);
    if (here !== undefined) return here;
    return this.#remote(stored) ?? new StoredHandle(stored, this.#decisions);
  }

  /** A run in progress or being claimed; `undefined` if only the store may have it. */
  here(owner: string, id: string): Awaitable<RunHandle | undefined> {
    const run = this.#live.get(owner, id);
    if (run !== undefined) return run;
    // If the claim fails, the id is looked up again.
    return this.#live.claimOf(owner, id)?.then(() => this.find(owner, id));
  }

  #stored(owner: string, id: string): Awaitable<RunHandle | undefined> {
    return andThen(this.#store.open(owner, id), (first) => {
      // The run may have been created while the store was asked.
      const here = this.here(owner, id);
      if (here !== undefined || first === undefined) return here;
      if (isFinal(first.state) || this.#drain.isDraining) return this.handleOf(first);
      const remote = this.#remote(first);
      if (remote !== undefined) return remote;
      // Neither ended nor in progress: its end could not be written. Opened again, since it may have ended meanwhile.
      return andThen(this.#store.open(owner, id), (stored) => {
        if (stored === undefined) return undefined;
        if (isFinal(stored.state)) return this.handleOf(stored);
        return this.here(owner, id) ?? this.#remote(stored) ?? this.#recovery.recover(stored);
      });
    });
  }

  /** The handle of an unfinished run of another node. */
  #remote(stored: StoredRun): RunHandle | undefined {
    const cluster = this.#cluster;
    if (cluster === undefined || isFinal(stored.state) || !cluster.isElsewhere(stored)) return undefined;
    return cluster.remote(stored);
  }
}
