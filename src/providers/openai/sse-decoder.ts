import { malformed } from './failures.js';
import { appended } from '../../runtime/appended.js';

/**
 * Bytes that arrived together. `text` holds one character per byte, so that positions are the same in both and no
 * character is cut in two. The real text of a string is decoded from `bytes` once its limits are known.
 */
export interface SseInput {
  readonly bytes: Buffer;
  readonly text: string;
}

/** The receiver of an {@link SseDecoder}. */
export interface SseSink {
  /** Whether the receiver needs no more events. */
  readonly done: boolean;
  /** Whether the data is a complete event, whatever the next line is. */
  isWhole(data: string): boolean;
  /** Takes a complete event that it recognises at `position`; returns the end of the event, or -1. */
  recognise(input: SseInput, position: number): number;
  /**
   * Takes an event that was not recognised.
   * @param raw - the event as received, one character per byte, if it is one line and arrived in one piece
   */
  event(data: string, name: string, raw: string | undefined): void;
}

/** Maximum bytes of one event. */
const MAX_EVENT_BYTES = 16 * 1024 * 1024;
/** What a line counts besides its text, so that endlessly many short lines reach the limit, too. */
const LINE_COST = 64;
const SMALL_PIECE_BYTES = 4096;
const LF = 10;
const BYTE_ORDER_MARK = '\u00ef\u00bb\u00bf';

/**
 * Decodes server-sent events from bytes in pieces of any size
 * (https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream).
 * `id` and `retry` are ignored. Unlike in the standard, an event that the end of the stream cuts off is delivered, and
 * so are two events without a blank line between them.
 */
export class SseDecoder {
  readonly #sink: SseSink;
  #begun = false;
  /** Pieces of an unfinished line: a long line is joined only once. */
  #pieces: Buffer[] = [];
  #size = 0;
  #skipLineFeed = false;
  /** The data lines of the event so far. */
  #data: string[] = [];
  #dataSize = 0;
  #name = '';
  /** Start of the event in the current input; -1 if the event is not one line in one piece. */
  #start = -1;

  constructor(sink: SseSink) {
    this.#sink = sink;
  }

  push(read: Buffer): void {
    if (this.#pieces.length > 0 && !read.includes('\n') && !read.includes('\r')) {
      this.#keep(read);
      return;
    }
    const bytes = this.#pieces.length === 0 ? read : Buffer.concat([...this.#pieces, read]);
    this.#pieces = [];
    this.#size = 0;
    const rest = this.#lines({ bytes, text: bytes.toString('latin1') });
    this.#start = -1;
    if (rest < bytes.length && !this.#sink.done) this.#keep(bytes.subarray(rest));
  }

  /** Ends the stream. */
  end(): void {
    const bytes = Buffer.concat(this.#pieces);
    this.#pieces = [];
    const input = { bytes, text: bytes.toString('latin1') };
    if (bytes.length > 0) this.#line(input, 0, bytes.length);
    this.#start = -1;
    this.#dispatch(input, 0);
  }

  #keep(piece: Buffer): void {
    const last = this.#pieces.at(-1);
    // Merging small pieces avoids an object per byte if the body arrives byte by byte.
    if (last !== undefined && last.length + piece.length <= SMALL_PIECE_BYTES) {
      this.#pieces[this.#pieces.length - 1] = Buffer.concat([last, piece]);
    } else this.#pieces.push(piece);
    this.#size += piece.length;
    checkSize(this.#size);
  }

  /** Takes the complete lines of an input; returns where the unfinished line begins. */
  #lines(input: SseInput): number {
    const { text } = input;
    let position = 0;
    if (this.#skipLineFeed && text !== '') {
      this.#skipLineFeed = false;
      if (text.charCodeAt(0) === LF) position = 1;
    }
    let cr = text.indexOf('\r');
    while (position < text.length && !this.#sink.done) {
      if (this.#data.length === 0 && this.#name === '') {
        const end = this.#sink.recognise(input, position);
        if (end !== -1) {
          position = end;
          continue;
        }
      }
      if (cr !== -1 && cr < position) cr = text.indexOf('\r', position);
      const lf = text.indexOf('\n', position);
      if (lf === -1 && cr === -1) return position;
      const end = cr !== -1 && (lf === -1 || cr < lf) ? cr : lf;
      let next = end + 1;
      if (end === cr) {
        if (next === text.length) this.#skipLineFeed = true;
        else if (text.charCodeAt(next) === LF) next++;
      }
      if (end === position) this.#dispatch(input, next);
      else this.#line(input, position, end);
      position = next;
    }
    return position;
  }

  #line({ bytes, text }: SseInput, from: number, to: number): void {
    if (!this.#begun) {
      this.#begun = true;
      if (text.startsWith(BYTE_ORDER_MARK, from)) from += BYTE_ORDER_MARK.length;
    }
    const colon = text.indexOf(':', from);
    const named = colon === -1 || colon > to ? to : colon;
    const field = text.slice(from, named);
    const value = bytes.toString('utf8', text.charCodeAt(named + 1) === 32 ? named + 2 : named + 1, to);
    if (field === 'data' || field === 'error') {
      const [first] = this.#data;
      // Some servers leave out the blank line: data that is complete by itself is an event.
      if (first !== undefined && this.#data.length === 1 && this.#sink.isWhole(first))
        this.#dispatch({ bytes, text }, from);
      this.#start = this.#data.length === 0 && this.#name === '' ? from : -1;
      // Older versions of llama.cpp send an error in a field named `error`.
      if (field === 'error') this.#name = field;
      this.#data = appended(this.#data, value);
      this.#dataSize += value.length + LINE_COST;
      checkSize(this.#dataSize);
    } else {
      this.#start = -1;
      if (field === 'event') this.#name = value;
    }
  }

  #dispatch({ text }: SseInput, end: number): void {
    const data = this.#data;
    const name = this.#name;
    const raw = this.#start === -1 ? undefined : text.slice(this.#start, end);
    if (data.length > 0) this.#data = [];
    this.#dataSize = 0;
    this.#name = '';
    this.#start = -1;
    if (data.length > 0) this.#sink.event(data.length === 1 ? (data[0] ?? '') : data.join('\n'), name, raw);
  }
}

function checkSize(size: number): void {
  if (size > MAX_EVENT_BYTES) throw malformed('An event has no end.');
}
