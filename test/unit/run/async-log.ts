import type { RunEntry, RunLog, WireEntry } from '../../../src/index.js';
import { MemoryRunLog } from '../../../src/stores/memory/memory-run-log.js';

/** A log whose reads take as long as the test decides: `delay` is awaited before every answer. */
export class AsyncRunLog implements RunLog {
  readonly #log: MemoryRunLog;
  readonly #delay: () => Promise<void>;
  /** Reads begun. */
  reads = 0;
  /** Reads in progress at the same time, at most. */
  mostAtOnce = 0;
  #reading = 0;

  constructor(runId: string, delay: () => Promise<void>) {
    this.#log = new MemoryRunLog(runId);
    this.#delay = delay;
  }

  get published(): number {
    return this.#log.published;
  }

  get head(): number {
    return this.#log.head;
  }

  get bytes(): number {
    return this.#log.bytes;
  }

  append(entry: RunEntry): void {
    this.#log.append(entry);
  }

  async read(after: number): Promise<readonly WireEntry[]> {
    this.reads++;
    this.mostAtOnce = Math.max(this.mostAtOnce, ++this.#reading);
    try {
      // What is there now, or what is there when the answer comes: a database may give either.
      const early = this.reads % 2 === 0 ? this.#log.read(after) : undefined;
      await this.#delay();
      return early ?? this.#log.read(after);
    } finally {
      this.#reading--;
    }
  }

  onPublished(wake: () => void): () => void {
    return this.#log.onPublished(wake);
  }
}
