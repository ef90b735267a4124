/** The part of `Headers` that the `openai` package uses of a response, at a tenth of the cost. */
export class UpstreamHeaders {
  readonly #values = new Map<string, string>();

  /** @param headers - names in lower case */
  constructor(headers: Readonly<Record<string, string | string[] | undefined>>) {
    for (const name in headers) {
      const value = headers[name];
      if (value !== undefined) this.#values.set(name, Array.isArray(value) ? value.join(', ') : value);
    }
  }

  get(name: string): string | null {
    return this.#values.get(name.toLowerCase()) ?? null;
  }

  has(name: string): boolean {
    return this.#values.has(name.toLowerCase());
  }

  set(name: string, value: string): void {
    this.#values.set(name.toLowerCase(), value);
  }

  entries(): IterableIterator<[string, string]> {
    return this.#values.entries();
  }

  [Symbol.iterator](): IterableIterator<[string, string]> {
    return this.#values.entries();
  }
}
