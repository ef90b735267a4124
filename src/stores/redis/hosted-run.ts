import type { Signer } from '../../store/signer.js';
import type { CancelReason, RunState } from '../../protocol/server-messages.js';
import type { RunEntry, RunLog, WireEntry } from '../../log/run-log.js';
import type { RunMeta, StoredRun } from '../../store/run-store.js';
import { KEPT_MS, KeptWrites } from './kept-writes.js';
import { encodeEntry } from './run-entry.js';
import { LogTail, type ReadStored } from './log-tail.js';
import { EntryWrite, type Part, type Publisher, type Write, type WritingRun } from './write.js';

/** Bytes that an entry takes besides its text. */
const ENTRY_BYTES = 40;

/** Takes writes, in the order of the calls. */
export interface WriteSink {
  /** A promise of less that waits, if so much waits that nothing more should be made. */
  readonly room: Promise<void> | undefined;
  push(owner: string, write: Write): void;
  /** @throws AgentSocketError `store_unavailable` if too much waits */
  pushBounded(owner: string, write: Write): void;
}

/** What {@link HostedRun} takes. */
export interface HostedRunInit {
  readonly meta: RunMeta;
  /** What the keys of the partition begin with. */
  readonly base: string;
  /** Hash of owner and id. */
  readonly key: string;
  readonly host: string;
  readonly sink: WriteSink;
  readonly signer: Signer;
  readonly readStored: ReadStored;
  readonly state?: RunState | undefined;
  readonly stop?: CancelReason | undefined;
  readonly options?: string | undefined;
  readonly work?: string | undefined;
  readonly checkpoint?: string | undefined;
  readonly skewMs?: number | undefined;
  readonly draft?: string | undefined;
  readonly head?: number | undefined;
  readonly facts?: number | undefined;
  readonly writes?: number | undefined;
}

/** A run that this node executes. */
export class HostedRun implements StoredRun, WritingRun {
  readonly meta: RunMeta;
  readonly base: string;
  readonly key: string;
  readonly host: string;
  readonly stop: CancelReason | undefined;
  readonly options: string | undefined;
  readonly work: string | undefined;
  readonly draft: string;
  readonly log: HostedLog;
  readonly skewMs: number | undefined;
  state: RunState;
  checkpoint: string | undefined;
  /** Whether another node executes the run now, or it is lost: nothing is written any more. */
  isOver = false;
  /** How many facts this node has seen. */
  facts: number;
  /** Number of the newest write that is no entry, and of the newest one that was answered. */
  number: number;
  lastNumber: number;
  part: Part | undefined;
  readonly #kept = new KeptWrites<Write>();

  constructor(init: HostedRunInit) {
    this.meta = init.meta;
    this.base = init.base;
    this.key = init.key;
    this.host = init.host;
    this.stop = init.stop;
    this.options = init.options;
    this.work = init.work;
    this.draft = init.draft ?? '';
    this.state = init.state ?? 'accepted';
    this.checkpoint = init.checkpoint;
    this.skewMs = init.skewMs;
    this.facts = init.facts ?? 0;
    this.number = this.lastNumber = init.writes ?? 0;
    this.log = new HostedLog(this, init);
  }

  keep(writes: readonly Write[], at: number): void {
    this.#kept.add(writes, at);
  }

  takeLost(head: number, number: number, next: number | undefined): Write[] | undefined {
    const entries = this.log.takeLost(head, next);
    const others = entries && this.#kept.takeLost(number, this.lastNumber);
    return others && [...entries, ...others];
  }

  fail(error: unknown): void {
    this.log.fail(error);
  }
}

/** The log of a run that this node executes, and alone writes. */
class HostedLog implements RunLog, Publisher {
  readonly #run: HostedRun;
  readonly #sink: WriteSink;
  readonly #signer: Signer;
  readonly #tail: LogTail;
  #head: number;
  /** The newest entry that Redis has, as far as this node knows. */
  #written: number;
  #bytes = 0;
  #fail: (error: unknown) => void = () => undefined;

  constructor(run: HostedRun, { sink, signer, readStored, head = 0, meta }: HostedRunInit) {
    this.#run = run;
    this.#sink = sink;
    this.#signer = signer;
    this.#tail = new LogTail(meta.id, head, readStored, KEPT_MS);
    this.#head = this.#written = head;
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

  append(entry: RunEntry): void {
    if (entry.seq !== this.#head + 1) throw new RangeError(`Entry ${entry.seq} does not follow ${this.#head}`);
    const text = this.#encode(entry);
    const write = new EntryWrite(this.#run, entry.seq, text, entry);
    // What a node writes that does not know yet that it is no longer the host is lost.
    if (!this.#run.isOver) this.#sink.pushBounded(this.#run.meta.owner, write);
    this.#head = entry.seq;
    this.#bytes += ENTRY_BYTES + text.length;
  }

  onWritten(seq: number, entry: RunEntry | undefined): void {
    this.#written = seq;
    if (entry !== undefined && seq === this.published + 1) this.#tail.add(entry);
  }

  /** Takes the entries after `head` that were written; `undefined` if `next` would not follow, or not all are in memory. */
  takeLost(head: number, next: number | undefined): Write[] | undefined {
    const written = this.#written;
    if (next !== undefined && next > Math.max(head, written) + 1) return undefined;
    if (head >= written) return [];
    this.#written = head;
    return this.#tail
      .entries(head)
      ?.filter(({ seq }) => seq <= written)
      .map((entry) => new EntryWrite(this.#run, entry.seq, this.#encode(entry)));
  }

  read(after: number): readonly WireEntry[] | Promise<readonly WireEntry[]> {
    return this.#tail.read(after);
  }

  onPublished(wake: () => void): () => void {
    return this.#tail.onPublished(wake);
  }

  backpressure(): Promise<void> | undefined {
    return this.#sink.room;
  }

  onFailed(fail: (error: unknown) => void): void {
    this.#fail = fail;
  }

  fail(error: unknown): void {
    this.#head = this.published;
    this.#fail(error);
  }

  #encode(entry: RunEntry): string {
    return encodeEntry(entry, this.#run.key, this.#signer);
  }
}
