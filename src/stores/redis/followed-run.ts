import type { CancelReason, RunState } from '../../protocol/server-messages.js';
import type { RunLog, WireEntry } from '../../log/run-log.js';
import { isFinal } from '../../store/run-state.js';
import type { RunMeta, StoredRun } from '../../store/run-store.js';
import { LogTail, type ReadStored } from './log-tail.js';
import type { RunRecord } from './record.js';
import type { SharedClock } from './shared-clock.js';
import { stateOf, toEntry, type StoredEntry } from './run-entry.js';

/** Bytes of an entry, roughly. */
const ENTRY_BYTES = 60;

/** Entries of a log that another node has written. */
export interface NewEntries {
  /** Number of hosts that the run has had. */
  readonly generation: number;
  /** The seq of the first entry. */
  readonly first: number;
  readonly entries: readonly StoredEntry[];
}

/** Told when the first reader of a log comes and the last one leaves. */
export interface ReadersListener {
  onRead(run: FollowedRun): void;
  onUnread(run: FollowedRun): void;
}

/** A run that another node executes, or that is over. It is updated while its log is read. */
export class FollowedRun implements StoredRun {
  readonly meta: RunMeta;
  readonly base: string;
  readonly key: string;
  readonly options: string | undefined;
  readonly work: string | undefined;
  readonly draft = '';
  readonly log: FollowedLog;
  host: string;
  stop: CancelReason | undefined;
  state: RunState;
  checkpoint: string | undefined;
  generation: number;
  /** See `aheadMs` of a record. */
  #aheadMs: number;
  readonly #clock: SharedClock;
  bytes: number;
  /** When something was heard of the run, on the monotonic clock in milliseconds. */
  heardAt = 0;

  constructor(
    record: RunRecord,
    place: { base: string; key: string },
    read: ReadStored,
    listener: ReadersListener,
    clock: SharedClock,
  ) {
    this.meta = record.meta;
    this.base = place.base;
    this.key = place.key;
    this.options = record.options;
    this.work = record.work;
    this.host = record.host;
    this.stop = record.stop;
    this.state = record.state;
    this.checkpoint = record.checkpoint;
    this.#aheadMs = record.aheadMs;
    this.#clock = clock;
    this.generation = record.generation;
    this.bytes = record.bytes;
    this.log = new FollowedLog(this, record.head, read, listener);
  }

  get skewMs(): number {
    return this.#clock.aheadMs - this.#aheadMs;
  }

  get isOver(): boolean {
    return isFinal(this.state);
  }

  /**
   * Takes what Redis has now.
   * @returns `false` if readers have seen entries that are lost
   */
  update(record: RunRecord): boolean {
    this.heardAt = performance.now();
    const isNewHost = record.generation > this.generation;
    this.host = record.host;
    this.stop = record.stop;
    this.checkpoint = record.checkpoint;
    this.#aheadMs = record.aheadMs;
    this.generation = record.generation;
    this.bytes = record.bytes;
    if (record.head < this.log.published) return !isNewHost;
    this.state = record.state;
    if (record.head > this.log.published) this.log.jump(record.head);
    return true;
  }

  /** Takes what another object of the same run has. */
  copy(other: FollowedRun): void {
    this.host = other.host;
    this.stop = other.stop;
    this.state = other.state;
    this.checkpoint = other.checkpoint;
    this.#aheadMs = other.#aheadMs;
    if (other.log.published > this.log.published) this.log.jump(other.log.published);
  }

  /**
   * Takes new entries.
   * @returns `gap` if entries before them are missing, `lost` if readers have seen others in their place
   */
  take({ generation, first, entries }: NewEntries): 'taken' | 'gap' | 'lost' {
    this.heardAt = performance.now();
    const { log } = this;
    if (generation > this.generation) {
      if (first <= log.published) return 'lost';
      this.generation = generation;
    }
    if (first > log.published + 1) return 'gap';
    for (let index = log.published + 1 - first; index < entries.length; index++) {
      const entry = entries[index];
      if (entry === undefined) break;
      // Readers that are woken by the last message must find the run over.
      this.state = stateOf(entry) ?? this.state;
      log.publish(entry);
    }
    return 'taken';
  }
}

/** The log of a run that another node writes, as far as this node knows it. */
class FollowedLog implements RunLog {
  readonly #run: FollowedRun;
  readonly #tail: LogTail;
  readonly #listener: ReadersListener;

  constructor(run: FollowedRun, head: number, read: ReadStored, listener: ReadersListener) {
    this.#run = run;
    this.#tail = new LogTail(run.meta.id, head, read);
    this.#listener = listener;
  }

  get published(): number {
    return this.#tail.published;
  }

  get head(): number {
    return this.#tail.published;
  }

  get bytes(): number {
    return this.#run.bytes === 0 ? this.published * ENTRY_BYTES : this.#run.bytes;
  }

  get readers(): number {
    return this.#tail.readers;
  }

  append(): void {
    throw new Error('Another node writes the log');
  }

  publish(entry: StoredEntry): void {
    this.#tail.add(toEntry(entry, this.published + 1));
  }

  jump(head: number): void {
    this.#tail.jump(head);
  }

  read(after: number): readonly WireEntry[] | Promise<readonly WireEntry[]> {
    return this.#tail.read(after);
  }

  onPublished(wake: () => void): () => void {
    const remove = this.#tail.onPublished(wake);
    if (this.readers === 1) this.#listener.onRead(this.#run);
    return () => {
      const { readers } = this;
      remove();
      if (readers === 1 && this.readers === 0) this.#listener.onUnread(this.#run);
    };
  }
}
