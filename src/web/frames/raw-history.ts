/** What was sent from the raw panel: ArrowUp goes back in it, ArrowDown forward, as in a shell. */
export class RawHistory {
  readonly #texts: string[] = [];
  #at = 0;
  /** What was being written before the person went back. */
  #draft = '';

  push(text: string): void {
    if (this.#texts.at(-1) !== text) this.#texts.push(text);
    this.#at = this.#texts.length;
  }

  /** The text before or after the one that is shown, or nothing at either end. */
  step(by: -1 | 1, shown: string): string | undefined {
    const to = this.#at + by;
    if (to < 0 || to > this.#texts.length) return undefined;
    if (this.#at === this.#texts.length) this.#draft = shown;
    this.#at = to;
    return this.#texts[to] ?? this.#draft;
  }
}
