const OPENING = '<think>';
const CLOSING = '</think>';
/** How many characters before the tag are looked at: a model puts at most a line break there. */
const MAX_BEFORE = 64;

type Kind = 'text-delta' | 'reasoning-delta';

/**
 * Finds the reasoning of a model whose server has no field for it: the answer begins with `<think>`, and what follows
 * `</think>` is its text. Tags anywhere else are text: an answer may be about them. Tags may come in pieces; blank lines
 * around them are left out.
 */
export class ThinkTag {
  readonly #pass: (kind: Kind, text: string) => void;
  #place: 'before' | 'inside' | 'behind' = 'before';
  /** What may be a part of a tag. */
  #held = '';
  /** Whether no reasoning was passed on yet. */
  #isBlank = true;
  #isOver = false;

  /** @param pass - takes the text without tags */
  constructor(pass: (kind: Kind, text: string) => void) {
    this.#pass = pass;
  }

  /** Whether all that follows is text. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Whether the answer begins with reasoning. */
  get isFound(): boolean {
    return this.#place !== 'before';
  }

  /** Passes the next piece of text on, as far as it is known what it is. */
  take(text: string): void {
    this.#held += text;
    if (this.#place === 'before') this.#open();
    if (this.#place === 'inside') this.#close();
    if (this.#place === 'behind') this.#goOn();
  }

  /** Passes on what is held: no tag follows. */
  finish(): void {
    this.#isOver = true;
    this.#passHeld(this.#place === 'inside' ? 'reasoning-delta' : 'text-delta', this.#held.length);
  }

  #open(): void {
    const text = this.#held.trimStart();
    const isNear = this.#held.length - text.length <= MAX_BEFORE;
    if (isNear && text.startsWith(OPENING)) {
      this.#place = 'inside';
      this.#held = text.slice(OPENING.length);
    } else if (!isNear || !OPENING.startsWith(text)) this.finish();
  }

  #close(): void {
    if (this.#isBlank) this.#held = this.#held.trimStart();
    const end = this.#held.indexOf(CLOSING);
    if (end === -1) {
      this.#passHeld('reasoning-delta', this.#held.length - lengthOfBeginning(this.#held));
      return;
    }
    this.#passHeld('reasoning-delta', end);
    this.#place = 'behind';
    this.#held = this.#held.slice(CLOSING.length);
  }

  #goOn(): void {
    this.#held = this.#held.trimStart();
    if (this.#held !== '') this.finish();
  }

  #passHeld(kind: Kind, length: number): void {
    if (length === 0) return;
    this.#isBlank = false;
    const text = this.#held.slice(0, length);
    this.#held = this.#held.slice(length);
    this.#pass(kind, text);
  }
}

/** The content of an answer as its server sent it. */
export function withThinkTag(reasoning: string, content: string): string {
  return `${OPENING}\n${reasoning}${CLOSING}\n\n${content}`;
}

/** How many characters at the end of a text may begin {@link CLOSING}. */
function lengthOfBeginning(text: string): number {
  for (let length = CLOSING.length - 1; length > 0; length--) {
    if (text.endsWith(CLOSING.slice(0, length))) return length;
  }
  return 0;
}
