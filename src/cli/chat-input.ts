import { clearScreenDown, createInterface, moveCursor, cursorTo, type Interface } from 'node:readline';

/** Source of the lines. */
export interface InputOptions {
  readonly input: NodeJS.ReadableStream;
  /** The stream on which a terminal echoes input. */
  readonly output: NodeJS.WritableStream;
  readonly isTerminal: boolean;
  /** Called for Ctrl-C. */
  readonly onInterrupt: () => void;
}

/** Lets a terminal mark what is pasted, or not any more (bracketed paste). */
const MARK_PASTES = '\u001b[?2004h';
const MARK_NOTHING = '\u001b[?2004l';

/** The lines of a person or a pipe, one after the other. What a person pastes is one line, whatever it holds. */
export class ChatInput {
  readonly #readline: Interface;
  readonly #output: NodeJS.WritableStream;
  readonly #isTerminal: boolean;
  readonly #lines: string[] = [];
  #isOver = false;
  #isPasting = false;
  /** The lines that were pasted, without the one that can still be edited. */
  #pasted: string[] = [];
  /** Whether the person was asked for a line. */
  #isPrompted = false;
  #isHidden = false;
  #next: ((line: string | undefined) => void) | undefined;
  #nextPrompt = '';
  #asked: { readonly accepts: RegExp; readonly answer: (line: string | undefined) => void } | undefined;

  constructor({ input, output, isTerminal, onInterrupt }: InputOptions) {
    this.#output = output;
    this.#isTerminal = isTerminal;
    this.#readline = createInterface({ input, output, terminal: isTerminal });
    this.#readline.on('line', (line) => this.#take(line));
    this.#readline.on('close', () => {
      this.#isOver = true;
      this.#asked?.answer(undefined);
      this.#next?.(undefined);
    });
    this.#readline.on('SIGINT', () => {
      this.#pasted = [];
      onInterrupt();
    });
    if (!isTerminal) return;
    this.#markPastes(input);
    this.#readline.on('SIGCONT', () => {
      // Node pauses the input while the process is stopped, and leaves it to us to go on.
      this.#readline.resume();
      this.#output.write(MARK_PASTES);
    });
  }

  #markPastes(input: NodeJS.ReadableStream): void {
    this.#output.write(MARK_PASTES);
    this.#readline.on('close', () => this.#output.write(MARK_NOTHING));
    input.on('keypress', (_text: unknown, { name }: { readonly name?: string }) => {
      if (name === 'paste-start') this.#isPasting = true;
      else if (name === 'paste-end') this.#isPasting = false;
    });
  }

  /** The next line; `undefined` after the last one. */
  next(prompt: string): Promise<string | undefined> {
    const line = this.#lines.shift();
    if (line !== undefined) return Promise.resolve(line);
    if (this.#isOver) return Promise.resolve(undefined);
    this.#nextPrompt = prompt;
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
        // Whoever waited for a line waits on.
        if (this.#next !== undefined && !this.#isOver) this.#prompt(this.#nextPrompt);
        else this.#isPrompted = false;
        resolve(line);
      };
      this.#asked = { accepts, answer };
      signal.addEventListener('abort', () => {
        if (this.#asked?.answer === answer) answer(undefined);
      });
    });
  }

  /** Takes the prompt and what is being typed from the terminal, so that something can be written in their place. */
  hide(): void {
    this.#erase();
    this.#isHidden = true;
  }

  /** Brings them back. */
  show(): void {
    if (!this.#isHidden) return;
    this.#isHidden = false;
    if (this.#isPrompted) this.#readline.prompt(true);
  }

  /** Ends the input: lines that were typed ahead are dropped. */
  close(): void {
    this.#lines.length = 0;
    this.#readline.close();
  }

  #take(last: string): void {
    if (this.#isPasting) return void this.#pasted.push(last);
    const line = [...this.#pasted, last].join('\n');
    this.#pasted = [];
    if (this.#asked !== undefined) {
      if (this.#asked.accepts.test(line)) {
        this.#isPrompted = false;
        this.#asked.answer(line);
      } else this.#readline.prompt();
      return;
    }
    const next = this.#next;
    this.#next = undefined;
    this.#isPrompted = false;
    if (next === undefined) this.#lines.push(line);
    else next(line);
  }

  #erase(): void {
    if (!this.#isPrompted || this.#isHidden) return;
    moveCursor(this.#output, 0, -this.#readline.getCursorPos().rows);
    cursorTo(this.#output, 0);
    clearScreenDown(this.#output);
  }

  #prompt(prompt: string): void {
    if (!this.#isTerminal) return;
    this.#erase();
    this.#readline.setPrompt(prompt);
    this.#isPrompted = true;
    if (!this.#isHidden) this.#readline.prompt();
  }
}
