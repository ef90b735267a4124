import { MemoryRunLog } from '../memory/memory-run-log.js';
import type { RunEntry, RunLog, WireEntry } from '../../log/run-log.js';
import type { Database } from './database.js';
import type { StoredLog } from './stored-log.js';
import type { Write, WriteQueue } from './write-queue.js';

/** Bytes that an entry takes besides its text, in memory while it waits and in the database. */
const ENTRY_BYTES = 40;

/**
 * The log of a run in progress. Entries that this process commits stay in memory, so that readers do not query the
 * database. Entries from before a restart are read from the database.
 */
export class LiveLog implements RunLog {
  readonly #queue: WriteQueue;
  readonly #run: number;
  readonly #before: StoredLog;
  readonly #tail: MemoryRunLog;
  #head: number;
  #bytes: number;
  #withdrawn = false;

  constructor(queue: WriteQueue, run: number, runId: string, before: StoredLog) {
    this.#queue = queue;
    this.#run = run;
    this.#before = before;
    this.#tail = new MemoryRunLog(runId, before.published);
    this.#head = before.published;
    this.#bytes = before.bytes;
  }

  get published(): number {
    return this.#tail.published;
  }

  get head(): number {
    return this.#head;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Whether nothing was ever written. */
  get isEmpty(): boolean {
    return this.#head === 0;
  }

  /** Whether the run was taken back. */
  get isWithdrawn(): boolean {
    return this.#withdrawn;
  }

  /** Ignores all later writes: the run could not be recorded and does not exist. */
  withdraw(): void {
    this.#withdrawn = true;
  }

  append(entry: RunEntry): void {
    if (this.#withdrawn) throw new Error('The run could not be recorded');
    // A wrong entry that was found only at the commit would block all other writes.
    if (entry.seq !== this.#head + 1) throw new RangeError(`Entry ${entry.seq} does not follow ${this.#head}`);
    const write = new EntryWrite(this.#run, entry, this.#tail);
    this.#queue.pushBounded(write);
    this.#head = entry.seq;
    this.#bytes += write.bytes;
  }

  read(after: number): readonly WireEntry[] {
    return after < this.#before.published ? this.#before.read(after) : this.#tail.read(after);
  }

  onPublished(wake: () => void): () => void {
    return this.#tail.onPublished(wake);
  }
}

class EntryWrite implements Write {
  readonly #run: number;
  readonly #entry: RunEntry;
  readonly #tail: MemoryRunLog;

  constructor(run: number, entry: RunEntry, tail: MemoryRunLog) {
    this.#run = run;
    this.#entry = entry;
    this.#tail = tail;
  }

  get bytes(): number {
    return ENTRY_BYTES + bodyOf(this.#entry).length;
  }

  apply(database: Database): void {
    const { seq, type, timestamp } = this.#entry;
    database.run(
      'INSERT INTO entries VALUES (?, ?, ?, ?, ?)',
      this.#run,
      seq,
      type,
      timestamp,
      database.content.sealText(bodyOf(this.#entry), 'entries', this.#run, seq),
    );
  }

  publish(): void {
    this.#tail.append(this.#entry);
  }
}

function bodyOf(entry: RunEntry): string {
  return 'encoded' in entry ? entry.encoded : entry.content;
}
