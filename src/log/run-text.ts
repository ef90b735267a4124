import type { TextType } from '../protocol/encode.js';
import type { Coalescer, Flushable } from './coalescer.js';
import { MAX_TEXT_LENGTH } from './run-log.js';

/** Where the text of a run goes. */
export interface TextSink {
  /** Takes one piece, at most as long as a log takes. Returns whether it takes more; where it throws, it does not. */
  write(type: TextType, content: string): boolean;
  /** `write` threw. */
  onFault(error: unknown): void;
}

/** The text of a run on its way to the log: it may wait a little, to be written together with what follows. */
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

  /** Adds to the text that waits. Text of another type that waits is written first. */
  add(type: TextType, delta: string): void {
    if (type !== this.#type) this.flush();
    this.#type = type;
    const isFirst = this.#pending === '';
    this.#pending += delta;
    const at = performance.now();
    if (this.#coalescer.isDue(this.lastWriteAt, at)) this.flush(at);
    else if (isFirst) this.#coalescer.hold(this);
  }

  /** Forgets the text that waits. */
  drop(): void {
    if (this.#pending === '') return;
    this.#pending = '';
    this.#coalescer.release(this);
  }

  /** Writes the text that waits. Never throws. */
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

/** End of the piece that starts at `start`: never between the two halves of a surrogate pair. */
function pieceEnd(text: string, start: number): number {
  const end = start + MAX_TEXT_LENGTH;
  if (end >= text.length) return text.length;
  const last = text.charCodeAt(end - 1);
  return last >= 0xd800 && last <= 0xdbff ? end - 1 : end;
}
