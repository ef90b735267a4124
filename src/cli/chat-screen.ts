import { harmless, indented } from './harmless.js';

/** The part of a stream or terminal that is used. */
export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  hasColors?(): boolean;
}

/** What stands at the end of a terminal while nothing is written. */
export interface Prompt {
  hide(): void;
  show(): void;
}

/** Styles of a terminal (ECMA-48, SGR): codes for on and off. */
const STYLES = { dim: [2, 22], bold: [1, 22], red: [31, 39], yellow: [33, 39] } as const;

/**
 * Shows a chat: answers on one stream, everything else on another, so that a pipe gets only answers. On a terminal both
 * are the same, and notices begin on a new line.
 */
export class ChatScreen {
  /** Is hidden for everything that is written. Without one, nothing is written while the person types. */
  prompt: Prompt | undefined;
  /** Whose answers are shown, as the text before each, also after something came between. */
  speaker = '';
  readonly #answers: Output;
  readonly #notices: Output;
  readonly #isTerminal: boolean;
  /** Whether the cursor is inside a line of an answer. */
  #isInLine = false;
  /** Whether the text that is shown began with its speaker. */
  #isAttributed = false;

  constructor(answers: Output, notices: Output) {
    this.#answers = answers;
    this.#notices = notices;
    this.#isTerminal = answers.isTTY === true;
  }

  /** Writes a piece of an answer. A pipe gets the text unchanged; for a terminal, control characters are escaped. */
  answer(text: string): void {
    if (text === '') return;
    this.prompt?.hide();
    const from = this.#isAttributed ? '' : this.speaker;
    this.#isAttributed = true;
    this.#answers.write(from + (this.#isTerminal ? harmless(text) : text));
    this.#isInLine = !text.endsWith('\n');
  }

  /** Writes reasoning, for people only. */
  thought(text: string): void {
    if (!this.#isTerminal || text === '') return;
    this.prompt?.hide();
    this.#answers.write(this.style('dim', harmless(text)));
    this.#isInLine = !text.endsWith('\n');
  }

  /** Ends an answer, complete or not. */
  endAnswer(): void {
    this.#endLine();
    this.prompt?.show();
  }

  /** Writes what somebody said. */
  said(text: string): void {
    this.#endLine();
    this.prompt?.hide();
    this.#answers.write(`${indented(this.#isTerminal ? harmless(text) : text)}\n`);
    this.prompt?.show();
  }

  /** Writes a line for the person. */
  notice(text: string, style?: keyof typeof STYLES): void {
    if (this.#isTerminal) this.#endLine();
    this.prompt?.hide();
    const line = harmless(text);
    this.#notices.write(`${style === undefined ? line : this.style(style, line)}\n`);
    this.prompt?.show();
  }

  style(style: keyof typeof STYLES, text: string): string {
    if (this.#notices.isTTY !== true || this.#notices.hasColors?.() !== true) return text;
    const [on, off] = STYLES[style];
    return `\u001b[${on}m${text}\u001b[${off}m`;
  }

  #endLine(): void {
    if (this.#isInLine) this.#answers.write('\n');
    this.#isInLine = this.#isAttributed = false;
  }
}
