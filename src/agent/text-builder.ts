/** Pieces joined at once: a string grown piece by piece costs 32 bytes more for each. */
const PIECES = 512;

/** A text that grows by small pieces and takes no more memory than its characters. */
export class TextBuilder {
  #text = '';
  #pieces: string[] = [];
  #length = 0;

  /** UTF-16 units so far. */
  get length(): number {
    return this.#length;
  }

  append(piece: string): void {
    this.#length += piece.length;
    if (this.#pieces.push(piece) >= PIECES) this.toString();
  }

  toString(): string {
    if (this.#pieces.length > 0) {
      this.#text = [this.#text, ...this.#pieces].join('');
      this.#pieces = [];
    }
    return this.#text;
  }
}
