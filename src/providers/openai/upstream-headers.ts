type Values = Record<string, string | string[] | undefined>;

/** The part of `Headers` that the `openai` package uses, at a tenth of the cost. */
export class UpstreamHeaders {
  readonly #values: Values;

  /** @param values - headers with names in lower case; the object is kept and changed */
  constructor(values: Values) {
    this.#values = values;
  }

  get(name: string): string | null {
    const key = name.toLowerCase();
    const value = Object.hasOwn(this.#values, key) ? this.#values[key] : undefined;
    return Array.isArray(value) ? value.join(', ') : (value ?? null);
  }

  has(name: string): boolean {
    return this.get(name) !== null;
  }

  set(name: string, value: string): void {
    this.#values[name.toLowerCase()] = value;
  }

  *entries(): IterableIterator<[string, string]> {
    for (const name of Object.keys(this.#values)) {
      const value = this.get(name);
      if (value !== null) yield [name, value];
    }
  }

  [Symbol.iterator](): IterableIterator<[string, string]> {
    return this.entries();
  }
}
