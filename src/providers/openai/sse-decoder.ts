import { StringDecoder } from 'node:string_decoder';
import { malformedStream } from './provider-failure.js';

/** What an {@link SseDecoder} feeds. */
export interface SseSink {
  /** Nothing more is wanted. */
  readonly done: boolean;
  /** Takes a whole event it recognises at `position` of `text`; returns where it ends, or -1. */
  recognise(text: string, position: number): number;
  /**
   * Takes an event that was not recognised.
   * @param raw - the event as it arrived, where it is one line in one piece
   */
  event(data: string, name: string, raw: string | undefined): void;
}

/** The most characters of one event. */
const MAX_EVENT_CHARACTERS = 32 * 1024 * 1024;
const LF = 10;

/**
 * Server-sent events out of bytes in pieces of any size
 * (https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream).
 * `id` and `retry` mean nothing here. An event that the end of the stream cuts off is delivered all the same.
 */
export class SseDecoder {
  readonly #sink: SseSink;
  /** Present from the first character that a read cut in two. */
  #utf8: StringDecoder | undefined;
  #split = false;
  #begun = false;
  /** An unfinished line, in pieces, so that a long one is joined once. */
  #pieces: string[] = [];
  #size = 0;
  #skipLineFeed = false;
  #data: string | undefined;
  #name = '';
  /** Where the event begins in the text at hand; -1 where it is not one line in one piece. */
  #start = -1;

  constructor(sink: SseSink) {
    this.#sink = sink;
  }

  push(bytes: Buffer): void {
    if (bytes.length > 0) this.#accept(this.#decode(bytes));
  }

  /** The stream is over. */
  end(): void {
    const rest = this.#pieces.join('') + (this.#utf8?.end() ?? '');
    this.#pieces = [];
    if (rest !== '') this.#line(rest, 0, rest.length);
    this.#start = -1;
    this.#dispatch('', 0);
  }

  #decode(bytes: Buffer): string {
    const whole = (bytes[bytes.length - 1] ?? 0) < 0x80;
    if (whole && !this.#split) return bytes.toString('utf8');
    this.#split = !whole;
    this.#utf8 ??= new StringDecoder('utf8');
    return this.#utf8.write(bytes);
  }

  #accept(read: string): void {
    if (!this.#begun) {
      this.#begun = true;
      // A byte order mark.
      if (read.charCodeAt(0) === 0xfeff) read = read.slice(1);
    }
    if (this.#pieces.length > 0 && !read.includes('\n') && !read.includes('\r')) {
      this.#keep(read);
      return;
    }
    const text = this.#pieces.length === 0 ? read : this.#pieces.join('') + read;
    this.#pieces = [];
    this.#size = 0;
    const rest = this.#lines(text);
    this.#start = -1;
    if (rest < text.length && !this.#sink.done) this.#keep(text.slice(rest));
  }

  #keep(piece: string): void {
    this.#pieces.push(piece);
    this.#size += piece.length;
    this.#checkSize(this.#size);
  }

  /** Takes the whole lines of a text; returns where the unfinished one begins. */
  #lines(text: string): number {
    let position = 0;
    if (this.#skipLineFeed && text !== '') {
      this.#skipLineFeed = false;
      if (text.charCodeAt(0) === LF) position = 1;
    }
    let cr = text.indexOf('\r');
    while (position < text.length && !this.#sink.done) {
      if (this.#data === undefined && this.#name === '') {
        const end = this.#sink.recognise(text, position);
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
      if (end === position) this.#dispatch(text, next);
      else this.#line(text, position, end);
      position = next;
    }
    return position;
  }

  #line(text: string, from: number, to: number): void {
    const colon = text.indexOf(':', from);
    const named = colon === -1 || colon > to ? to : colon;
    const field = text.slice(from, named);
    const value = text.slice(text.charCodeAt(named + 1) === 32 ? named + 2 : named + 1, to);
    if (field === 'data') {
      this.#start = this.#data === undefined && this.#name === '' ? from : -1;
      this.#data = this.#data === undefined ? value : `${this.#data}\n${value}`;
      this.#checkSize(this.#data.length);
    } else {
      this.#start = -1;
      if (field === 'event') this.#name = value;
    }
  }

  #dispatch(text: string, end: number): void {
    const data = this.#data;
    const name = this.#name;
    const raw = this.#start === -1 ? undefined : text.slice(this.#start, end);
    this.#data = undefined;
    this.#name = '';
    this.#start = -1;
    if (data !== undefined) this.#sink.event(data, name, raw);
  }

  #checkSize(size: number): void {
    if (size > MAX_EVENT_CHARACTERS) throw malformedStream('An event has no end.');
  }
}
