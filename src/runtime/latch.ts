const DONE = Promise.resolve();

/** Something that happens once. A promise is made only if somebody waits, since most runs and readers have nobody who does. */
export class Latch {
  #isOpen = false;
  #opened: Promise<void> | undefined;
  #resolve: (() => void) | undefined;

  /** Resolves when {@link open} is called. */
  get opened(): Promise<void> {
    if (this.#isOpen) return DONE;
    return (this.#opened ??= new Promise((resolve) => (this.#resolve = resolve)));
  }

  open(): void {
    this.#isOpen = true;
    this.#resolve?.();
  }
}
