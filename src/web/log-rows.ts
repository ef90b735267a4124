import type { Direction, Frame } from './frames.js';
import { isChunk } from './session.js';

/** Which frames the log shows. */
export interface LogFilter {
  direction: Direction | 'all';
  /** A message type, or empty for all. */
  type: string;
  /** Text the frame holds, lower case, or empty for all. */
  text: string;
  /** Neighbouring chunks of a run share a row. */
  fold: boolean;
  /** Show the pings that measure latency, too. */
  probes: boolean;
}

/** One row of the log: a frame, or the chunks of a run that followed each other. */
export interface Row {
  readonly id: number;
  readonly frames: Frame[];
  bytes: number;
}

/** The rows that pass the filter, kept up to date frame by frame. */
export class LogRows {
  rows: Row[] = [];
  /** The newest row of each run, to fold its next chunk into. */
  readonly #newest = new Map<string, Row>();

  /** Starts over, after the filter changed or frames went. */
  rebuild(frames: readonly Frame[], filter: LogFilter): void {
    this.rows = [];
    this.#newest.clear();
    for (const frame of frames) this.push(frame, filter);
  }

  push(frame: Frame, filter: LogFilter): void {
    if (!passes(frame, filter)) return;
    const run = `${frame.direction} ${frame.runId ?? ''}`;
    const newest = this.#newest.get(run);
    if (filter.fold && isChunk(frame) && newest?.frames[0]?.type === frame.type) {
      newest.frames.push(frame);
      newest.bytes += frame.bytes;
      return;
    }
    const row: Row = { id: frame.id, frames: [frame], bytes: frame.bytes };
    this.rows.push(row);
    this.#newest.set(run, row);
  }
}

function passes(frame: Frame, filter: LogFilter): boolean {
  if (frame.probe && !filter.probes) return false;
  if (filter.direction !== 'all' && frame.direction !== filter.direction) return false;
  if (filter.type !== '' && frame.type !== filter.type) return false;
  return filter.text === '' || frame.text.toLowerCase().includes(filter.text);
}
