/** Reads and keeps one choice of the person. Storage may be forbidden; the choice then lasts as long as the page. */
export class Preference<T extends string> {
  readonly #key: string;
  readonly #allowed: readonly T[];

  constructor(name: string, allowed: readonly T[]) {
    this.#key = `agent-ws.${name}`;
    this.#allowed = allowed;
  }

  read(): T | undefined {
    try {
      const kept = localStorage.getItem(this.#key);
      return this.#allowed.find((value) => value === kept);
    } catch {
      return undefined;
    }
  }

  write(value: T): void {
    try {
      localStorage.setItem(this.#key, value);
    } catch {
      // Private mode, or storage is full: nothing to do about it.
    }
  }
}
