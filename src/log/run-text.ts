import type { TextType } from '../protocol/encode.js';
import type { Coalescer, Flushable } from './coalescer.js';
import { MAX_TEXT_LENGTH } from './run-log.js';

/** Receives the text of a run. */
export interface TextSink {
  /**
   * Writes one piece, at most as long as a log accepts. Returns whether more may follow; if it throws, no more follows.
   */
  write(type: TextType, content: string): boolean;
  /** Called if `write` threw. */
  onFault(error: unknown): void;
}

/** Collects text of a run: the text may wait a little, to be written together with following text. */
export class RunText implements Flushable {
  lastWriteAt = -Infinity;
  readonly #coalescer: Coalescer;
  readonly #sink: TextSink;
  #type: TextType = 'stream_chunk';
  #pending = '';

  constructor(coalescer: Coalescer, sink: TextSink) {
    this.#coalescer = coalescer;
    this.#sink = sink;
  }

  /** Adds text. Waiting text of another type is written first. */
  add(type: TextType, delta: string): void {
    if (type !== this.#type) this.flush();
    this.#type = type;
    const isFirst = this.#pending === '';
    this.#pending += delta;
    const at = performance.now();
    if (this.#coalescer.isDue(this.lastWriteAt, at)) this.flush(at);
    else if (isFirst) this.#coalescer.hold(this);
  }

  /** Drops the waiting text. */
  drop(): void {
    if (this.#pending === '') return;
    this.#pending = '';
    this.#coalescer.release(this);
  }

  /** Writes the waiting text. Never throws. */
  flush(at: number = performance.now()): void {
    const text = this.#pending;
    if (text === '') return;
    this.#pending = '';
    this.lastWriteAt = at;
    this.#coalescer.release(this);
    const type = this.#type;
    try {
      for (let start = 0; start < text.length;) {
        const end = pieceEnd(text, start);
        if (!this.#sink.write(type, end - start === text.length ? text : text.slice(start, end))) return;
        start = end;
      }
    } catch (error) {
      this.#sink.onFault(error);
    }
  }
}

/** End of the piece that begins at `start`: never inside a surrogate pair. */
function pieceEnd(text: string, start: number): number {
  const end = start + MAX_TEXT_LENGTH;
  if (end >= text.length) return text.length;
  const last = text.charCodeAt(end - 1);
  return last >= 0xd800 && last <= 0xdbff ? end - 1 : end;
}
