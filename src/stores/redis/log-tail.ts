import { MemoryRunLog } from '../memory/memory-run-log.js';
import type { RunEntry, WireEntry } from '../../log/run-log.js';

/** Memory of the newest entries after which older ones are read from Redis, in bytes: twice that is held at most. */
const TAIL_BYTES = 131_072;

/** Reads entries from Redis: some after a position, up to another. */
export type ReadStored = (after: number, to: number) => Promise<readonly WireEntry[]>;

/** The published part of a log: the newest entries in memory, for readers that keep up, and the rest in Redis. */
export class LogTail {
  readonly #runId: string;
  readonly #readStored: ReadStored;
  #older: Tail | undefined;
  #newer: Tail;
  /** Replaced when a reader is added or removed, so that a reader may add or remove readers while it is woken. */
  #wakes: readonly (() => void)[] = [];

  constructor(runId: string, published: number, readStored: ReadStored) {
    this.#runId = runId;
    this.#readStored = readStored;
    this.#newer = this.#begin(published);
  }

  get published(): number {
    return this.#newer.log.published;
  }

  /** Number of readers. */
  get readers(): number {
    return this.#wakes.length;
  }

  /** Publishes the next entry. */
  add(entry: RunEntry): void {
    if (this.#newer.log.bytes > TAIL_BYTES) {
      this.#older = this.#newer;
      this.#newer = this.#begin(this.published);
    }
    this.#newer.log.append(entry);
  }

  /** Publishes what Redis has up to `head`. */
  jump(head: number): void {
    this.#older = undefined;
    this.#newer = this.#begin(head);
    this.#wake();
  }

  read(after: number): readonly WireEntry[] | Promise<readonly WireEntry[]> {
    if (after >= this.#newer.start) return this.#newer.log.read(after);
    if (this.#older !== undefined && after >= this.#older.start) return this.#older.log.read(after);
    return this.#readStored(after, this.published);
  }

  onPublished(wake: () => void): () => void {
    this.#wakes = this.#wakes.concat(wake);
    return () => {
      this.#wakes = this.#wakes.filter((other) => other !== wake);
    };
  }

  #begin(start: number): Tail {
    const log = new MemoryRunLog(this.#runId, start);
    log.onPublished(() => this.#wake());
    return { start, log };
  }

  #wake(): void {
    for (const wake of this.#wakes) wake();
  }
}

interface Tail {
  /** How many entries are before the first one. */
  readonly start: number;
  readonly log: MemoryRunLog;
}
