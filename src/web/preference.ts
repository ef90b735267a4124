import { readKept, writeKept } from './kept.js';

/** Reads and keeps one choice of the person. Where nothing can be kept it lasts as long as the page. */
export class Preference<T extends string> {
  readonly #name: string;
  readonly #allowed: readonly T[];

  constructor(name: string, allowed: readonly T[]) {
    this.#name = name;
    this.#allowed = allowed;
  }

  read(): T | undefined {
    const kept = readKept('localStorage', this.#name);
    return this.#allowed.find((value) => value === kept);
  }

  write(value: T): void {
    writeKept('localStorage', this.#name, value);
  }
}
