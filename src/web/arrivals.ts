const MAX_KEPT = 4_096;

/** When the pieces of an answer came, for its rhythm. Bounded: a long answer keeps every second, fourth, … of them. */
export class Arrivals {
  first: number | undefined;
  last: number | undefined;
  #kept: { at: number; weight: number }[] = [];
  #stride = 1;
  #count = 0;

  get all(): readonly { readonly at: number; readonly weight: number }[] {
    return this.#kept;
  }

  add(at: number, weight: number): void {
    this.first ??= at;
    this.last = at;
    if (this.#count++ % this.#stride !== 0) return;
    this.#kept.push({ at, weight });
    if (this.#kept.length < MAX_KEPT) return;
    this.#kept = this.#kept.filter((_, index) => index % 2 === 0);
    this.#stride *= 2;
  }

  clear(): void {
    this.first = undefined;
    this.last = undefined;
    this.#kept = [];
    this.#stride = 1;
    this.#count = 0;
  }
}
