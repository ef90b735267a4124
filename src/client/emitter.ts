/** Event names and what their listeners get. */
type Listeners<Events> = { [Name in keyof Events]?: Set<(event: Events[Name]) => void> };

/** Typed events. A listener that throws disturbs neither the other listeners nor the client. */
export class Emitter<Events> {
  readonly #listeners: Listeners<Events> = {};

  /** Calls `listener` at every event of this name. Returns the function that removes it. */
  on<Name extends keyof Events>(name: Name, listener: (event: Events[Name]) => void): () => void {
    const listeners = (this.#listeners[name] ??= new Set());
    // A listener added twice is called twice, and each addition has an end of its own.
    const added = (event: Events[Name]): void => listener(event);
    listeners.add(added);
    return () => void listeners.delete(added);
  }

  emit<Name extends keyof Events>(name: Name, event: Events[Name]): void {
    for (const listener of [...(this.#listeners[name] ?? [])]) callSafely(listener, event);
  }
}

/** Calls what a user gave us. What it throws surfaces as an uncaught error of its own, with its stack. */
export function callSafely<Value>(listener: (value: Value) => void, value: Value): void {
  try {
    listener(value);
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
