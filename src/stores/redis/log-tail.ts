import { MemoryRunLog } from '../memory/memory-run-log.js';
import type { RunEntry, WireEntry } from '../../log/run-log.js';
import { listOf } from '../../runtime/list-of.js';

/**
 * Memory of a piece of a log, in bytes. The newest two are held, and those before them whose time is not over; what is older is
 * read from Redis.
 */
const TAIL_BYTES = 131_072;

/** Reads entries from Redis: some after a position, up to another. */
export type ReadStored = (after: number, to: number) => Promise<readonly WireEntry[]>;

/** The published part of a log: the newest entries in memory, for readers that keep up, and the rest in Redis. */
export class LogTail {
  readonly #runId: string;
  readonly #readStored: ReadStored;
  readonly #keepMs: number;
  /** The pieces that are in memory; the last one grows. */
  #pieces: Piece[];
  /** Replaced when a reader is added or removed, so that a reader may add or remove readers while it is woken. */
  #wakes: readonly (() => void)[] = [];

  /** @param keepMs - how long entries stay in memory at least, in milliseconds */
  constructor(runId: string, published: number, readStored: ReadStored, keepMs = 0) {
    this.#runId = runId;
    this.#readStored = readStored;
    this.#keepMs = keepMs;
    this.#pieces = listOf(this.#begin(published));
  }

  get published(): number {
    return this.#newest.log.published;
  }

  /** Number of readers. */
  get readers(): number {
    return this.#wakes.length;
  }

  /** Publishes the next entry. */
  add(entry: RunEntry): void {
    if (this.#newest.log.bytes > TAIL_BYTES) this.#divide();
    this.#newest.log.append(entry);
  }

  /** Publishes what Redis has up to `head`. */
  jump(head: number): void {
    this.#pieces = [this.#begin(head)];
    this.#wake();
  }

  read(after: number): readonly WireEntry[] | Promise<readonly WireEntry[]> {
    const piece = this.#pieces.findLast(({ start }) => after >= start);
    return piece === undefined ? this.#readStored(after, this.published) : piece.log.read(after);
  }

  /** The entries after a position, one by one; `undefined` if not all of them are in memory. */
  entries(after: number): RunEntry[] | undefined {
    const first = this.#pieces.findLastIndex(({ start }) => after >= start);
    return first === -1 ? undefined : this.#pieces.slice(first).flatMap(({ log }) => log.entries(after));
  }

  onPublished(wake: () => void): () => void {
    this.#wakes = this.#wakes.concat(wake);
    return () => {
      this.#wakes = this.#wakes.filter((other) => other !== wake);
    };
  }

  get #newest(): Piece {
    return this.#pieces.at(-1) as Piece;
  }

  /** Begins a new piece. The one before stays, and those whose time is not over. */
  #divide(): void {
    const now = performance.now();
    const { published } = this;
    const isKept = ({ fullAt }: Piece): boolean => fullAt > now - this.#keepMs;
    const older = this.#pieces.slice(0, -1).filter(isKept);
    this.#newest.fullAt = now;
    this.#pieces = [...older, this.#newest, this.#begin(published)];
  }

  #begin(start: number): Piece {
    const log = new MemoryRunLog(this.#runId, start);
    log.onPublished(() => this.#wake());
    return { start, log, fullAt: Infinity };
  }

  #wake(): void {
    for (const wake of this.#wakes) wake();
  }
}

interface Piece {
  /** How many entries are before the first one. */
  readonly start: number;
  readonly log: MemoryRunLog;
  /** When the next piece began, on the monotonic clock. */
  fullAt: number;
}
