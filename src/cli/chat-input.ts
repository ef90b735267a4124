import { createInterface, type Interface } from 'node:readline';

/** Source of the lines. */
export interface InputOptions {
  readonly input: NodeJS.ReadableStream;
  /** The stream on which a terminal echoes input. */
  readonly output: NodeJS.WritableStream;
  readonly isTerminal: boolean;
  /** Called for Ctrl-C. */
  readonly onInterrupt: () => void;
}

/** The lines of a person or a pipe, one after the other. */
export class ChatInput {
  readonly #readline: Interface;
  readonly #isTerminal: boolean;
  readonly #lines: string[] = [];
  #isOver = false;
  #next: ((line: string | undefined) => void) | undefined;
  #asked: { readonly accepts: RegExp; readonly answer: (line: string | undefined) => void } | undefined;

  constructor({ input, output, isTerminal, onInterrupt }: InputOptions) {
    this.#isTerminal = isTerminal;
    this.#readline = createInterface({ input, output, terminal: isTerminal });
    this.#readline.on('line', (line) => this.#take(line));
    this.#readline.on('close', () => {
      this.#isOver = true;
      this.#asked?.answer(undefined);
      this.#next?.(undefined);
    });
    this.#readline.on('SIGINT', onInterrupt);
  }

  /** The next line; `undefined` after the last one. */
  next(prompt: string): Promise<string | undefined> {
    const line = this.#lines.shift();
    if (line !== undefined) return Promise.resolve(line);
    if (this.#isOver) return Promise.resolve(undefined);
    this.#prompt(prompt);
    return new Promise((resolve) => (this.#next = resolve));
  }

  /**
   * Asks a question in between until the answer is acceptable; `undefined` if the signal aborts or the input ends
   * before. Lines typed before the question are not taken as the answer.
   */
  ask(prompt: string, accepts: RegExp, signal: AbortSignal): Promise<string | undefined> {
    if (this.#isOver || signal.aborted) return Promise.resolve(undefined);
    this.#prompt(prompt);
    return new Promise((resolve) => {
      const answer = (line: string | undefined): void => {
        this.#asked = undefined;
        resolve(line);
      };
      this.#asked = { accepts, answer };
      signal.addEventListener('abort', () => {
        if (this.#asked?.answer === answer) answer(undefined);
      });
    });
  }

  /** Ends the input: lines that were typed ahead are dropped. */
  close(): void {
    this.#lines.length = 0;
    this.#readline.close();
  }

  #take(line: string): void {
    if (this.#asked !== undefined) {
      if (this.#asked.accepts.test(line)) this.#asked.answer(line);
      else this.#readline.prompt();
      return;
    }
    const next = this.#next;
    this.#next = undefined;
    if (next === undefined) this.#lines.push(line);
    else next(line);
  }

  #prompt(prompt: string): void {
    if (!this.#isTerminal) return;
    this.#readline.setPrompt(prompt);
    this.#readline.prompt();
  }
}
