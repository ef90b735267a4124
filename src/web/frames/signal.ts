/** One kind of event. What `on` returns removes the listener. */
export class Signal<T = void> {
  readonly #listeners = new Set<(value: T) => void>();

  readonly on = (listener: (value: T) => void): (() => void) => {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  };

  emit(value: T): void {
    for (const listener of this.#listeners) listener(value);
  }
}
