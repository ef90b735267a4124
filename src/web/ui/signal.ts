import { useSyncExternalStore } from 'preact/compat';

/** One kind of event. What `on` returns removes the listener. */
export class Signal<T = void> {
  readonly #listeners = new Set<(value: T) => void>();

  readonly on = (listener: (value: T) => void): (() => void) => {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  };

  emit(value: T): void {
    for (const listener of [...this.#listeners]) listener(value);
  }
}

/** A value that several components show: its signal tells each change. */
export class Value<T> extends Signal<T> {
  #value: T;

  constructor(first: T) {
    super();
    this.#value = first;
  }

  get value(): T {
    return this.#value;
  }

  set value(value: T) {
    if (Object.is(value, this.#value)) return;
    this.#value = value;
    this.emit(value);
  }
}

export function useValue<T>(shown: Value<T>): T {
  return useSyncExternalStore(shown.on, () => shown.value);
}
