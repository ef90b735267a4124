/**
 * What the frames say about each run: when its pieces came, what it cost and how it ended. `RunMetrics` shows one
 * record; the statistics count them.
 */
import type { ServerMessageOf } from '../../protocol/server-messages.js';
import { isChunk, textOf, type Frame, type Frames, type Message } from './frames.js';
import { Signal } from '../ui/signal.js';

type RunEnd = 'finished' | 'cancelled' | 'failed' | 'interrupted';

/** One run. Times are milliseconds since the page was opened. */
export interface RunRecord {
  readonly runId: string;
  /** What this page sent for it. */
  readonly request: Message | undefined;
  readonly startedAt: number;
  /** When pieces of output came, and how long they were. */
  arrivals: { readonly at: number; readonly weight: number }[];
  chunks: number;
  /** The `seq` of the newest message. */
  seq: number;
  end?: RunEnd;
  endedAt?: number;
  /** The connection that read it closed. */
  isCut: boolean;
  vendor?: string | undefined;
  model?: string | undefined;
  /** The message that ended it. */
  last?: Partial<ServerMessageOf<'stream_end'> & Pick<ServerMessageOf<'cancelled'>, 'reason'>>;
}

const MAX_RECORDS = 200;
const MAX_ARRIVALS = 4_096;
const REQUESTS: ReadonlySet<string> = new Set(['streaming_query', 'agent_query', 'tool_call']);
const BEGINNINGS: ReadonlySet<string> = new Set(['accepted', 'resumed', 'run_started']);
const ENDS: Readonly<Record<string, RunEnd>> = {
  stream_end: 'finished',
  agent_response: 'finished',
  tool_result: 'finished',
  cancelled: 'cancelled',
  error: 'failed',
};

/** The newest runs of the client, by id. */
export class RunRecords {
  readonly changed = new Signal<RunRecord>();
  readonly ends: Record<RunEnd, number> = { finished: 0, cancelled: 0, failed: 0, interrupted: 0 };
  readonly #records = new Map<string, RunRecord>();

  constructor(frames: Frames) {
    frames.added.on(({ frame, message }) => {
      if (frame.source !== 'client') return;
      if (frame.type === 'close') this.#cut();
      else if (frame.runId !== undefined && message !== undefined) this.#take(frame.runId, frame, message);
    });
  }

  get all(): readonly RunRecord[] {
    return [...this.#records.values()];
  }

  /** How many are in progress. */
  get live(): number {
    return this.all.filter(({ end, isCut }) => end === undefined && !isCut).length;
  }

  get(runId: string): RunRecord | undefined {
    return this.#records.get(runId);
  }

  #take(runId: string, frame: Frame, message: Message): void {
    const isRequest = frame.direction === 'out';
    const seq = Number(message['seq'] ?? 0);
    const isBeginning = isRequest ? REQUESTS.has(frame.type) : seq > 0 || BEGINNINGS.has(frame.type);
    if (isRequest ? !isBeginning : !isBeginning && !this.#records.has(runId)) return;
    const record = this.#records.get(runId) ?? this.#begin(runId, frame.at, isRequest ? message : undefined);
    record.isCut = false;
    if (message['reset'] === true) Object.assign(record, { seq: 0, chunks: 0, arrivals: [] });
    // A run that is read again tells nothing new.
    if (seq > record.seq) this.#apply(record, frame, message, seq);
    // A refusal of the request itself; other errors that name a run are about another message.
    else if (frame.type === 'error' && seq === 0 && record.seq === 0) this.#end(record, frame, message);
    this.changed.emit(record);
  }

  #begin(runId: string, startedAt: number, request: Message | undefined): RunRecord {
    const record: RunRecord = { runId, request, startedAt, arrivals: [], chunks: 0, seq: 0, isCut: false };
    this.#records.set(runId, record);
    const [oldest = ''] = this.#records.keys();
    if (this.#records.size > MAX_RECORDS) this.#records.delete(oldest);
    return record;
  }

  #apply(record: RunRecord, frame: Frame, message: Message, seq: number): void {
    record.seq = seq;
    record.vendor ??= textOf(message, 'vendor');
    record.model ??= textOf(message, 'model');
    if (isChunk(frame)) record.chunks++;
    if (isChunk(frame) || frame.type === 'stream_tool_call') {
      record.arrivals.push({ at: frame.at, weight: Math.max(1, textOf(message, 'content')?.length ?? 0) });
      // The first and the newest stay; of those between them every other one.
      if (record.arrivals.length > MAX_ARRIVALS) {
        record.arrivals = record.arrivals.filter((_, index, { length }) => index % 2 === 0 || index === length - 1);
      }
    }
    if (Object.hasOwn(ENDS, frame.type)) this.#end(record, frame, message);
  }

  #end(record: RunRecord, { type, at }: Frame, message: Message): void {
    if (record.end !== undefined) return;
    record.end = message['code'] === 'run_interrupted' ? 'interrupted' : (ENDS[type] ?? 'finished');
    record.endedAt = at;
    record.last = message;
    this.ends[record.end]++;
  }

  #cut(): void {
    for (const record of this.all) {
      record.isCut = record.end === undefined;
      this.changed.emit(record);
    }
  }
}
