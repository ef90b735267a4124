import { onlyText, type TextKind } from './answer.js';
import type { SseInput } from './sse-decoder.js';

/** Replaces the text of the delta while a template is checked. */
const SENTINEL = '\u0001agent-ws\u0001';
const ESCAPED_SENTINEL = JSON.stringify(SENTINEL).slice(1, -1);
/** Where the text of a delta may begin. */
const HOLE = /"(?:content|reasoning_content|reasoning)"\s*:\s*"/g;
/** OpenAI pads every chunk with random text, so that the length of a packet does not reveal its content. */
const PADDING = /"obfuscation"\s*:\s*"/;
/** What follows the members that name the answer, which all of its events begin with. */
const CHOICES = '"choices"';
/** The beginning of an event up to {@link CHOICES}, if its members are plain values that decide nothing about the others. */
const OPENING = /^data: ?\{(?:\s*"\w+"\s*:\s*(?:"(?:[^"\\]|\\.)*"|[\d.]+|null|true|false)\s*,\s*)*$/;
/** Anything but ASCII that needs no escape inside a JSON string. */
const NOT_PLAIN = /[^ !#-[\]-~]/;
/** Characters that a JSON string cannot hold unescaped, and the backslash that begins an escape. */
const ESCAPED = /[^ -[\]-\u00ff]/;

/**
 * Consecutive deltas differ only in their text. A template learns from one delta what stands before and after the text,
 * so that the following deltas need no JSON.parse.
 *
 * A match is always correct: the part before the text ends inside a JSON string, the text reaches to the closing quote
 * of this string, and the part after it is the same as in the parsed chunk. A chunk that differs does not match and is
 * parsed in full.
 *
 * All strings here hold one character per byte (see {@link SseInput}); the syntax of JSON is ASCII and stays the same.
 */
export class DeltaTemplate {
  readonly kind: TextKind;
  readonly #before: string;
  readonly #behind: string;
  /** The part after the padding, if there is padding between this part and {@link #behind}. */
  readonly #last: string | undefined;
  /** The text that {@link match} found. */
  text = '';

  private constructor(kind: TextKind, before: string, behind: string, last: string | undefined) {
    this.kind = kind;
    this.#before = before;
    this.#behind = behind;
    this.#last = last;
  }

  /**
   * Learns a template from an event; `undefined` if that is not possible.
   * @param event - the event as received, with line ends, one character per byte
   * @param chunk - the parsed JSON of the event
   */
  static learn(event: string, chunk: unknown): DeltaTemplate | undefined {
    const known = onlyText(chunk)?.text;
    if (known === undefined || known === '' || known === SENTINEL) return undefined;
    const opening = event.indexOf('{');
    const closing = event.lastIndexOf('}') + 1;
    const data = event.slice(opening, closing);
    for (const hole of data.matchAll(HOLE)) {
      const from = hole.index + hole[0].length;
      const before = data.slice(0, from);
      const behind = data.slice(closingQuote(data, from));
      const kind = kindOf(before + ESCAPED_SENTINEL + behind);
      if (kind === undefined) continue;
      const head = event.slice(0, opening) + before;
      const foot = event.slice(closing);
      const padding = PADDING.exec(behind);
      if (padding === null) return new DeltaTemplate(kind, head, behind + foot, undefined);
      const padded = padding.index + padding[0].length;
      const last = behind.slice(closingQuote(behind, padded));
      if (kindOf(before + ESCAPED_SENTINEL + behind.slice(0, padded) + last) !== kind) return undefined;
      return new DeltaTemplate(kind, head, behind.slice(0, padded), last + foot);
    }
    return undefined;
  }

  /**
   * The template for another answer of the same server: what names the answer at the beginning of its events is taken from
   * one of them, which was parsed. `undefined` if that is not possible.
   */
  forAnswer(event: string): DeltaTemplate | undefined {
    const opening = event.slice(0, event.indexOf(CHOICES));
    const at = this.#before.indexOf(CHOICES);
    if (at === -1 || !OPENING.test(opening)) return undefined;
    return new DeltaTemplate(this.kind, opening + this.#before.slice(at), this.#behind, this.#last);
  }

  /** The end of the event at `position`, with its text in {@link text}; -1 if the event does not match. */
  match({ bytes, text }: SseInput, position: number): number {
    // Comparing a substring is about twice as fast as startsWith.
    const from = position + this.#before.length;
    if (text.substring(position, from) !== this.#before) return -1;
    const quote = closingQuote(text, from);
    let end = quote + this.#behind.length;
    if (text.substring(quote, end) !== this.#behind) return -1;
    if (this.#last !== undefined) {
      const padded = end;
      end = closingQuote(text, padded);
      if (NOT_PLAIN.test(text.substring(padded, end))) return -1;
      const lastEnd = end + this.#last.length;
      if (text.substring(end, lastEnd) !== this.#last) return -1;
      end = lastEnd;
    }
    const body = text.substring(from, quote);
    if (!NOT_PLAIN.test(body)) {
      this.text = body;
      return end;
    }
    const decoded = bytes.toString('utf8', from, quote);
    if (!ESCAPED.test(body)) {
      this.text = decoded;
      return end;
    }
    try {
      this.text = JSON.parse(`"${decoded}"`) as string;
      return end;
    } catch {
      return -1;
    }
  }
}

/** The kind of text that holds the sentinel; `undefined` if the chunk has other content besides. */
function kindOf(json: string): TextKind | undefined {
  try {
    const found = onlyText(JSON.parse(json));
    return found?.text === SENTINEL ? found.kind : undefined;
  } catch {
    return undefined;
  }
}

/** Index of the quote that closes the string beginning at `from`; the end of the input if the string is not closed. */
function closingQuote(input: string, from: number): number {
  for (let quote = input.indexOf('"', from); quote !== -1; quote = input.indexOf('"', quote + 1)) {
    let backslashes = 0;
    while (quote - backslashes > from && input.charCodeAt(quote - backslashes - 1) === 92) backslashes++;
    if (backslashes % 2 === 0) return quote;
  }
  return input.length;
}
