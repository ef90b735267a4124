import { harmless } from './pretty-log.js';

/** A stream to write to: as much of a terminal as is needed. */
export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  hasColors?(): boolean;
}

/** Styles of a terminal (ECMA-48, SGR): on and off. */
const STYLES = { dim: [2, 22], bold: [1, 22], red: [31, 39], yellow: [33, 39] } as const;

/**
 * Where a chat is shown: answers on one stream, everything else on another, so that a pipe gets answers only.
 * On a terminal they are the same, and notices begin on lines of their own.
 */
export class ChatScreen {
  readonly #answers: Output;
  readonly #notices: Output;
  readonly #isTerminal: boolean;
  /** Whether an answer stands in the middle of a line. */
  #isInLine = false;

  constructor(answers: Output, notices: Output) {
    this.#answers = answers;
    this.#notices = notices;
    this.#isTerminal = answers.isTTY === true;
  }

  /** A piece of an answer. A pipe gets it as it came; a terminal gets nothing that could speak to it. */
  answer(text: string): void {
    if (text === '') return;
    this.#answers.write(this.#isTerminal ? harmless(text) : text);
    this.#isInLine = !text.endsWith('\n');
  }

  /** What the model thinks aloud, for people only. */
  thought(text: string): void {
    if (!this.#isTerminal || text === '') return;
    this.#answers.write(this.style('dim', harmless(text)));
    this.#isInLine = !text.endsWith('\n');
  }

  /** The answer is over, whole or not. */
  endAnswer(): void {
    if (this.#isInLine) this.#answers.write('\n');
    this.#isInLine = false;
  }

  /** A line for the person. */
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
