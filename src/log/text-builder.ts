/** Pieces joined at once: a string of its own costs some 40 bytes, and the collector a copy of each. */
const PIECES = 16;

/** UTF-16 units of pieces joined at once: until then they may hold on to the larger texts they were cut from. */
const JOIN_LENGTH = 4_096;

/** A text that grows by small pieces and takes no more memory than its characters. */
export class TextBuilder {
  /** Joined already; joined with each other when somebody asks. */
  #parts: string[] = [];
  #pieces: string[] = [];
  #length = 0;
  /** Of what is joined. */
  #joined = 0;

  /** UTF-16 units so far. */
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
