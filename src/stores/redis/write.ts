import type { RunState } from '../../protocol/server-messages.js';
import type { RunEntry } from '../../log/run-log.js';
import type { RunMeta } from '../../store/run-store.js';
import { listOf } from '../../runtime/list-of.js';
import type { RedisArgument, Reply } from './redis-client.js';

/** Memory that a waiting write takes besides its text, in bytes. */
const WRITE_BYTES = 200;

/** The part of a log that entries are published in. */
export interface Publisher {
  /** The newest seq that readers see. */
  readonly published: number;
  readonly bytes: number;
  /**
   * An entry is written.
   * @param entry - what readers see now, if they have not seen it
   */
  onWritten(seq: number, entry: RunEntry | undefined): void;
}

/** A run as the queue of its writes sees it. */
export interface WritingRun {
  readonly meta: RunMeta;
  /** What the keys of the partition begin with. */
  readonly base: string;
  /** Hash of owner and id. */
  readonly key: string;
  readonly state: RunState;
  readonly log: Publisher;
  /** Whether nothing is written any more: another node executes the run, or it is lost. */
  readonly isOver: boolean;
  /** How many facts this node has seen. */
  facts: number;
  /** Number of the newest write that is no entry, and of the newest one that was answered. */
  number: number;
  lastNumber: number;
  /** Its part of the call that is being made. */
  part: Part | undefined;
  /**
   * Keeps what was just written, besides entries.
   * @param at - now, on the monotonic clock
   */
  keep(writes: readonly Write[], at: number): void;
  /**
   * Takes what Redis has lost, if it has everything up to an entry and a write; `undefined` if more was lost than is kept.
   * Entries come first: what is said of a run may lag behind its log, and never goes before.
   * @param head - the newest entry in Redis
   * @param number - the number of the last write in Redis
   * @param next - the first entry that is to be written next, if there is any
   */
  takeLost(head: number, number: number, next: number | undefined): Write[] | undefined;
  /** Takes back what is not written. */
  fail(error: unknown): void;
}

/** The writes of one owner, in order: no two calls have writes of one owner at the same time. */
export interface Lane {
  readonly owner: string;
  readonly base: string;
  waiting: Write[];
  /** Whether a call has writes of the lane. */
  isSent: boolean;
  /** Whether the lane must be sent alone, to find out which lane has a wrong write. */
  isSuspect: boolean;
}

/** What a call writes of one run, or of an owner without a run. */
export class Part {
  readonly lane: Lane;
  readonly run: WritingRun | undefined;
  readonly writes: Write[];
  /** The seq of the first entry, or of the one that would be next if it is asked for. */
  first: number | undefined;
  /** The number of this write, if there is anything but entries. */
  number: number | undefined;

  constructor(lane: Lane, run: WritingRun | undefined, write: Write) {
    this.lane = lane;
    this.run = run;
    this.writes = listOf(write);
    this.first = undefined;
    this.number = undefined;
  }
}

/** Something that waits to be written to Redis. */
export interface Write {
  /** The run that it belongs to: it is refused if another node executes the run. */
  readonly run: WritingRun | undefined;
  /** Memory that it takes. */
  readonly bytes: number;
  /** The seq of an entry, and its text. */
  readonly seq?: number;
  readonly text?: string;
  /** Of anything else, the operation of the script and its arguments, or nothing. */
  readonly args: readonly RedisArgument[];
  /** When it was given to the queue, on the monotonic clock. */
  at?: number;
  /** Of what is not an entry, the number under which it was written last. */
  number?: number;
  /** It is written, which may be told again. `result` is what the operation returns. */
  onWritten(result: Reply | undefined): void;
  /** It will never be written. */
  onFailed?(error: unknown): void;
}

/** An entry of a log. */
export class EntryWrite implements Write {
  readonly run: WritingRun;
  readonly seq: number;
  readonly text: string;
  at = 0;
  readonly #entry: RunEntry | undefined;

  /**
   * @param text - the entry as it is stored
   * @param entry - what readers see when it is written, if they have not seen it
   */
  constructor(run: WritingRun, seq: number, text: string, entry?: RunEntry) {
    this.run = run;
    this.seq = seq;
    this.text = text;
    this.#entry = entry;
  }

  get args(): readonly [] {
    return NO_ARGS;
  }

  get bytes(): number {
    return WRITE_BYTES + this.text.length;
  }

  onWritten(): void {
    this.run.log.onWritten(this.seq, this.#entry);
  }
}

const NO_ARGS = [] as const;

/** Anything else. */
export class OperationWrite implements Write {
  readonly run: WritingRun | undefined;
  readonly args: readonly RedisArgument[];
  readonly bytes: number;
  at = 0;
  number?: number;
  readonly #written: ((result: Reply | undefined) => void) | undefined;
  readonly #failed: ((error: unknown) => void) | undefined;

  constructor(
    run: WritingRun | undefined,
    args: readonly RedisArgument[],
    onWritten?: (result: Reply | undefined) => void,
    onFailed?: (error: unknown) => void,
  ) {
    this.run = run;
    this.args = args;
    this.bytes = args.reduce((sum, { length }) => sum + length, WRITE_BYTES);
    this.#written = onWritten;
    this.#failed = onFailed;
  }

  onWritten(result: Reply | undefined): void {
    this.#written?.(result);
  }

  onFailed(error: unknown): void {
    this.#failed?.(error);
  }
}
