import { harmless } from './pretty-log.js';

/** The part of a stream or terminal that is used. */
export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  hasColors?(): boolean;
}

/** Styles of a terminal (ECMA-48, SGR): codes for on and off. */
const STYLES = { dim: [2, 22], bold: [1, 22], red: [31, 39], yellow: [33, 39] } as const;

/**
 * Shows a chat: answers on one stream, everything else on another, so that a pipe gets only answers. On a terminal both
 * are the same, and notices begin on a new line.
 */
export class ChatScreen {
  readonly #answers: Output;
  readonly #notices: Output;
  readonly #isTerminal: boolean;
  /** Whether the cursor is inside a line of an answer. */
  #isInLine = false;

  constructor(answers: Output, notices: Output) {
    this.#answers = answers;
    this.#notices = notices;
    this.#isTerminal = answers.isTTY === true;
  }

  /** Writes a piece of an answer. A pipe gets the text unchanged; for a terminal, control characters are escaped. */
  answer(text: string): void {
    if (text === '') return;
    this.#answers.write(this.#isTerminal ? harmless(text) : text);
    this.#isInLine = !text.endsWith('\n');
  }

  /** Writes reasoning, for people only. */
  thought(text: string): void {
    if (!this.#isTerminal || text === '') return;
    this.#answers.write(this.style('dim', harmless(text)));
    this.#isInLine = !text.endsWith('\n');
  }

  /** Ends an answer, complete or not. */
  endAnswer(): void {
    if (this.#isInLine) this.#answers.write('\n');
    this.#isInLine = false;
  }

  /** Writes a line for the person. */
  notice(text: string, style?: keyof typeof STYLES): void {
    if (this.#isTerminal) this.endAnswer();
    const line = harmless(text);
    this.#notices.write(`${style === undefined ? line : this.style(style, line)}\n`);
  }

  style(style: keyof typeof STYLES, text: string): string {
    if (this.#notices.isTTY !== true || this.#notices.hasColors?.() !== true) return text;
    const [on, off] = STYLES[style];
    return `\u001b[${on}m${text}\u001b[${off}m`;
  }
}
