import type { Links } from 'marked';
import { readBlocks, type Token } from './lexer.js';
import { divide } from './divide.js';
import { mend } from './mend.js';

/** A block of a text: a paragraph, a list, a code block. */
export interface Block {
  /** Its place among the blocks. */
  readonly index: number;
  /** A long block comes in parts of the same type, to be shown in one element. */
  readonly parts: readonly Token[];
  /** Whether the last part may still change. */
  readonly isOpen: boolean;
}

/** Characters read at a time: what one frame can bear. */
const STEP = 4_096;
const CLOSED_FENCE = /^ {0,3}(`{3,}|~{3,})[^\n]*\n(?:[^]*\n)? {0,3}\1+[ \t]*\n+$/;
/** Blocks on a page. */
const PAGE = 50;

/**
 * Reads a text that grows. A finished block is read once. Only the open block at the end is read again, and a long one is
 * divided, so that the cost of a piece of text does not grow with the text.
 */
export class MarkdownReader {
  #links: Links = {};
  /** What was read so far. */
  #text = '';
  /** Whether that was the whole text. */
  #isWhole = false;
  #finished: Block[] = [];
  /** Where the open block begins in the text, or what is left of it after its finished parts. */
  #start = 0;
  #parts: readonly Token[] = [];
  /** What is read before the rest of a divided block: the head of its table, the fence of its code. */
  #prefix = '';
  /** The blocks. A page on which nothing changes stays the same object. */
  pages: readonly (readonly Block[])[] = [];

  /**
   * Reads on, to the end of the text or until `mayGoOn` says no.
   * @param isGrowing whether more text will come
   * @returns whether all of the text was read
   */
  read(source: string, isGrowing: boolean, mayGoOn: () => boolean = () => true): boolean {
    const text = source.includes('\r') ? source.replace(/\r\n?/g, '\n') : source;
    // What was taken for the end of the text may have been cut in the middle of a word.
    if (!text.startsWith(this.#text) || (this.#isWhole && text !== this.#text)) this.#begin({});
    const kept = Math.floor(this.#finished.length / PAGE);
    const known = Object.keys(this.#links).length;
    let open: readonly Block[];
    do {
      this.#text = text.slice(0, this.#text.length + STEP);
      open = this.#readOpen(isGrowing || this.#text.length < text.length);
    } while (this.#text.length < text.length && mayGoOn());
    const isDone = this.#text.length === text.length;
    if (isDone && !isGrowing && Object.keys(this.#links).length > known && this.#finished.length > 1) {
      // What stands before the definition of an address is read again, now that the address is known.
      this.#begin(this.#links);
      return this.read(text, isGrowing, mayGoOn);
    }
    const changed = [...this.#finished.slice(kept * PAGE), ...open];
    const pages = this.pages.slice(0, kept);
    for (let at = 0; at < changed.length; at += PAGE) pages.push(changed.slice(at, at + PAGE));
    this.pages = pages;
    this.#isWhole = isDone && !isGrowing;
    return isDone;
  }

  #begin(links: Links): void {
    this.#links = links;
    this.#text = '';
    this.#isWhole = false;
    this.#finished = [];
    this.#start = 0;
    this.#parts = [];
    this.#prefix = '';
    this.pages = [];
  }

  /** Finishes what no further text can change, and gives the blocks that are still open. */
  #readOpen(isGrowing: boolean): readonly Block[] {
    let tokens = this.#tokens();
    const settled = isGrowing ? this.#settled(tokens) : tokens.length;
    for (const token of tokens.slice(0, settled)) this.#finish(token);
    if (!isGrowing) return [];
    tokens = tokens.slice(settled);
    while (this.#divide(tokens)) tokens = this.#tokens();
    const source = this.#prefix + this.#text.slice(this.#start);
    const shown = mend(source, tokens);
    if (shown !== source) tokens = readBlocks(shown, this.#links);
    return tokens.filter(isShown).map((token, at, all) => ({
      index: this.#finished.length + at,
      parts: at === 0 ? [...this.#parts, token] : [token],
      isOpen: at === all.length - 1,
    }));
  }

  #tokens(): readonly Token[] {
    return readBlocks(this.#prefix + this.#text.slice(this.#start), this.#links);
  }

  /** How many tokens are settled: each is followed by a block whose first line is complete, or is closed by its fence. */
  #settled(tokens: readonly Token[]): number {
    let settled = 0;
    let at = this.#start - this.#prefix.length;
    for (const [index, token] of tokens.entries()) {
      // For some nested blocks `raw` is not what stands in the text; they are finished with what follows.
      if (index > 0 && !this.#text.startsWith(token.raw, at)) break;
      if (token.type !== 'space' && this.#text.includes('\n', at)) settled = index;
      if (token.type === 'code' && CLOSED_FENCE.test(token.raw)) settled = index + 1;
      at += token.raw.length;
    }
    return settled;
  }

  #finish(token: Token): void {
    this.#start += token.raw.length - this.#prefix.length;
    this.#prefix = '';
    if (this.#parts.length > 0 && this.#parts[0]?.type !== token.type) this.#close();
    if (isShown(token)) this.#parts = [...this.#parts, token];
    this.#close();
  }

  #close(): void {
    if (this.#parts.length > 0) {
      this.#finished.push({ index: this.#finished.length, parts: this.#parts, isOpen: false });
    }
    this.#parts = [];
  }

  /** Makes the beginning of an open block a part of it if the block is long. */
  #divide(tokens: readonly Token[]): boolean {
    const space = tokens[0]?.type === 'space' ? tokens[0].raw.length : 0;
    const token = tokens[space > 0 ? 1 : 0];
    const division = token && divide(token);
    if (token === undefined || division === undefined) return false;
    const part = readBlocks(token.raw.slice(0, division.at), this.#links).find(isShown);
    if (part !== undefined) this.#parts = [...this.#parts, part];
    this.#start += space + division.at - this.#prefix.length;
    this.#prefix = division.head;
    if (part?.type !== this.#tokens()[0]?.type) this.#close();
    return true;
  }
}

/** Spaces and definitions of addresses are not to be seen. */
function isShown({ type }: Token): boolean {
  return type !== 'space' && type !== 'def';
}
