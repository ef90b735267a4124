/** Number of pieces that are joined at once: a short string takes 40 bytes besides its characters. */
const PIECES = 16;

/**
 * Length of pieces that are joined at once, in UTF-16 units: until then they may keep larger source texts in memory.
 */
const JOIN_LENGTH = 4_096;

/** Builds a text of small pieces and takes little more memory than its characters. */
export class TextBuilder {
  /** Joined parts. They are joined with each other when the text is asked for. */
  #parts: string[] = [];
  #pieces: string[] = [];
  #length = 0;
  /** Length of the joined parts. */
  #joined = 0;

  /** Length so far, in UTF-16 units. */
  get length(): number {
    return this.#length;
  }

  append(piece: string): void {
    this.#length += piece.length;
    if (this.#pieces.push(piece) >= PIECES || this.#length - this.#joined >= JOIN_LENGTH) this.#join();
  }

  toString(): string {
    this.#join();
    if (this.#parts.length > 1) this.#parts = [this.#parts.join('')];
    return this.#parts[0] ?? '';
  }

  #join(): void {
    if (this.#pieces.length === 0) return;
    this.#parts.push(this.#pieces.join(''));
    this.#pieces = [];
    this.#joined = this.#length;
  }
}
