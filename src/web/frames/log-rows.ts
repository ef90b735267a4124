/**
 * The rows of the message log: the frames that pass the filter, with the chunks of a run that follow each other in one
 * row. `show` changes the filter: `rows.show({ text: runId })` lists the frames of one run.
 */
import { isChunk, type Direction, type Frame, type Frames } from './frames.js';
import { Signal } from '../ui/signal.js';

/** Which frames the log shows. */
export interface LogFilter {
  readonly direction: Direction | 'all';
  /** A message type, or empty for all. */
  readonly type: string;
  /** A text that the frame holds, in any case, or empty for all. */
  readonly text: string;
  /** Whether chunks that follow each other share a row. */
  readonly fold: boolean;
  /** Whether the pings that measure the latency are shown. */
  readonly probes: boolean;
}

/** One frame, or the chunks of a run that follow each other. */
export interface Row {
  /** The id of its first frame. */
  readonly id: number;
  readonly first: Frame;
  readonly frames: Frame[];
  bytes: number;
}

const ALL: LogFilter = { direction: 'all', type: '', text: '', fold: true, probes: false };

/** Keeps the rows up to date with every frame. */
export class LogRows {
  readonly changed = new Signal();
  readonly frames: Frames;
  /** The message types that were seen. */
  readonly types = new Set<string>();
  #rows: Row[] = [];
  #filter = ALL;
  /** The newest row of each run, which takes the next chunk of the run. */
  readonly #newest = new Map<string, Row>();

  constructor(frames: Frames) {
    this.frames = frames;
    frames.added.on(({ frame }) => {
      this.types.add(frame.type);
      this.#push(frame);
      this.changed.emit();
    });
    frames.dropped.on(() => this.show({}));
  }

  get all(): readonly Row[] {
    return this.#rows;
  }

  get filter(): LogFilter {
    return this.#filter;
  }

  /** Changes parts of the filter. */
  show(filter: Partial<LogFilter>): void {
    this.#filter = { ...this.#filter, ...filter };
    this.#rows = [];
    this.#newest.clear();
    for (const frame of this.frames.all) this.#push(frame);
    this.changed.emit();
  }

  #push(frame: Frame): void {
    if (!this.#passes(frame)) return;
    const run = `${frame.source} ${frame.direction} ${frame.runId ?? ''}`;
    const newest = this.#newest.get(run);
    if (this.#filter.fold && isChunk(frame) && newest?.first.type === frame.type) {
      newest.frames.push(frame);
      newest.bytes += frame.bytes;
      return;
    }
    const row: Row = { id: frame.id, first: frame, frames: [frame], bytes: frame.bytes };
    this.#rows.push(row);
    this.#newest.set(run, row);
  }

  #passes({ isProbe, direction, type, text }: Frame): boolean {
    const filter = this.#filter;
    if (isProbe && !filter.probes) return false;
    if (filter.direction !== 'all' && filter.direction !== direction) return false;
    if (filter.type !== '' && filter.type !== type) return false;
    return filter.text === '' || text.toLowerCase().includes(filter.text.toLowerCase());
  }
}
