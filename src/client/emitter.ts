/** Event names and what their listeners get. */
type Listeners<Events> = { [Name in keyof Events]?: Set<(event: Events[Name]) => void> };

/** Typed events. An error of a listener affects neither other listeners nor the client. */
export class Emitter<Events> {
  readonly #listeners: Listeners<Events> = {};

  /** Calls `listener` at every event of this name. Returns a function that removes the listener. */
  on<Name extends keyof Events>(name: Name, listener: (event: Events[Name]) => void): () => void {
    const listeners = (this.#listeners[name] ??= new Set());
    // A listener that is added twice is called twice, and each addition is removed on its own.
    const added = (event: Events[Name]): void => listener(event);
    listeners.add(added);
    return () => void listeners.delete(added);
  }

  emit<Name extends keyof Events>(name: Name, event: Events[Name]): void {
    for (const listener of [...(this.#listeners[name] ?? [])]) callSafely(listener, event);
  }
}

/** Calls a function of the user. Its error becomes an uncaught error with its own stack. */
export function callSafely<Value>(listener: (value: Value) => void, value: Value): void {
  try {
    listener(value);
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
