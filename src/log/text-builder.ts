/** Number of pieces that are joined at once: a short string takes 40 bytes besides its characters. */
const PIECES = 16;

/**
 * Length of pieces that are joined at once, in UTF-16 units: until then they may keep larger source texts in memory.
 */
const JOIN_LENGTH = 4_096;

/** Builds a text of small pieces and takes little more memory than its characters; next to none while it is empty. */
export class TextBuilder {
  /** Joined parts. They are joined with each other when the text is asked for. */
  #parts: string[] | undefined;
  #pieces: string[] | undefined;
  #length = 0;
  /** Length of the joined parts. */
  #joined = 0;

  /** Length so far, in UTF-16 units. */
  get length(): number {
    return this.#length;
  }

  append(piece: string): void {
    this.#length += piece.length;
    if (this.#pieces === undefined) this.#pieces = [piece];
    else this.#pieces.push(piece);
    if (this.#pieces.length >= PIECES || this.#length - this.#joined >= JOIN_LENGTH) this.#join();
  }

  toString(): string {
    this.#join();
    if (this.#parts === undefined) return '';
    if (this.#parts.length > 1) this.#parts = [this.#parts.join('')];
    return this.#parts[0] ?? '';
  }

  #join(): void {
    if (this.#pieces === undefined) return;
    const text = this.#pieces.join('');
    this.#pieces = undefined;
    if (this.#parts === undefined) this.#parts = [text];
    else this.#parts.push(text);
    this.#joined = this.#length;
  }
}
