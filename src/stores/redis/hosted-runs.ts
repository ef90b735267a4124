import type { HostedRun } from './hosted-run.js';
import { KEPT_MS } from './kept-writes.js';

/** The runs that this node executes, by the hashes of owner and id. */
export class HostedRuns {
  readonly #runs = new Map<string, HostedRun>();
  /** Runs that ended lately, with the time: Redis may still lose their end. */
  readonly #ended = new Map<HostedRun, number>();

  get size(): number {
    return this.#runs.size;
  }

  add(run: HostedRun): HostedRun {
    this.#runs.set(run.key, run);
    return run;
  }

  get(key: string): HostedRun | undefined {
    return this.#runs.get(key);
  }

  values(): IterableIterator<HostedRun> {
    return this.#runs.values();
  }

  delete(run: HostedRun): void {
    if (this.#runs.get(run.key) === run) this.#runs.delete(run.key);
  }

  /** The end of a run is written. */
  onEnded(run: HostedRun): void {
    this.delete(run);
    this.#ended.set(run, performance.now());
    this.#forget();
  }

  /** Runs of which Redis should have something. */
  recent(): HostedRun[] {
    this.#forget();
    return [...this.#runs.values(), ...this.#ended.keys()].filter(({ log, number }) => log.published > 0 || number > 0);
  }

  #forget(): void {
    const before = performance.now() - KEPT_MS;
    for (const [run, at] of this.#ended) {
      if (at > before) return;
      this.#ended.delete(run);
    }
  }
}
