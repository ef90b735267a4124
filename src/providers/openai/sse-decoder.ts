import { malformed } from './failures.js';

/**
 * Bytes that arrived together. `text` holds one character per byte, so that positions are the same in both and no
 * character can be cut in two; what a string really says is decoded from `bytes` once its limits are known.
 */
export interface SseInput {
  readonly bytes: Buffer;
  readonly text: string;
}

/** What an {@link SseDecoder} feeds. */
export interface SseSink {
  /** Nothing more is wanted. */
  readonly done: boolean;
  /** Whether data is all of an event, however the next line goes on. */
  isWhole(data: string): boolean;
  /** Takes a whole event it recognises at `position`; returns where it ends, or -1. */
  recognise(input: SseInput, position: number): number;
  /**
   * Takes an event that was not recognised.
   * @param raw - the event as it arrived, one character per byte, where it is one line in one piece
   */
  event(data: string, name: string, raw: string | undefined): void;
}

/** The most bytes of one event. */
const MAX_EVENT_BYTES = 16 * 1024 * 1024;
/** What a line counts besides its text, so that endlessly many short ones end too. */
const LINE_COST = 64;
const SMALL_PIECE_BYTES = 4096;
const LF = 10;
const BYTE_ORDER_MARK = '\u00ef\u00bb\u00bf';

/**
 * Server-sent events out of bytes in pieces of any size
 * (https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream).
 * `id` and `retry` mean nothing here. An event that the end of the stream cuts off is delivered all the same, and two events
 * that no blank line parts are two.
 */
export class SseDecoder {
  readonly #sink: SseSink;
  #begun = false;
  /** An unfinished line, in pieces, so that a long one is joined once. */
  #pieces: Buffer[] = [];
  #size = 0;
  #skipLineFeed = false;
  /** The data lines of the event so far. */
  #data: string[] = [];
  #dataSize = 0;
  #name = '';
  /** Where the event begins in the input at hand; -1 where it is not one line in one piece. */
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

  /** The stream is over. */
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
    // Reads of single bytes must not cost an object each.
    if (last !== undefined && last.length + piece.length <= SMALL_PIECE_BYTES) {
      this.#pieces[this.#pieces.length - 1] = Buffer.concat([last, piece]);
    } else this.#pieces.push(piece);
    this.#size += piece.length;
    checkSize(this.#size);
  }

  /** Takes the whole lines of an input; returns where the unfinished one begins. */
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
      // Some servers leave out the blank line: what is whole by itself is an event.
      if (first !== undefined && this.#data.length === 1 && this.#sink.isWhole(first))
        this.#dispatch({ bytes, text }, from);
      this.#start = this.#data.length === 0 && this.#name === '' ? from : -1;
      // The older llama.cpp tells an error in a field of that name.
      if (field === 'error') this.#name = field;
      this.#data.push(value);
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
