import { EventEmitter } from 'eventemitter3';
import { consoleLogger } from './console-logger.js';
import type { Logger } from './logger.js';

/** Event names and the arguments their listeners get. */
type EventMap<Events> = { [Name in keyof Events]: readonly unknown[] };

type Listener<Args extends readonly unknown[]> = (...args: Args) => void;
type AnyListener = (...args: unknown[]) => unknown;

/**
 * Typed events. If a listener throws, or returns a promise that rejects, the error is logged and affects neither other
 * listeners nor the emitter. An `error` event without a listener is nothing special.
 */
export class TypedEmitter<Events extends EventMap<Events>> {
  readonly #emitter = new EventEmitter();
  protected readonly logger: Logger;

  constructor(logger: Logger = consoleLogger) {
    this.logger = logger;
  }

  /** Calls `listener` at every `event`. Returns a function that removes the listener. */
  on<Name extends keyof Events & string>(event: Name, listener: Listener<Events[Name]>): () => void {
    const added = listener as unknown as AnyListener;
    this.#emitter.on(event, added);
    return () => {
      this.#emitter.off(event, added);
    };
  }

  /** Calls `listener` at the next `event` only. Returns a function that removes the listener earlier. */
  once<Name extends keyof Events & string>(event: Name, listener: Listener<Events[Name]>): () => void {
    // The result is returned since a listener may be async despite its type: `emit` handles the promise.
    const off = this.on(event, (...args) => {
      off();
      return listener(...args);
    });
    return off;
  }

  protected emit<Name extends keyof Events & string>(event: Name, ...args: Events[Name]): void {
    if (this.#emitter.listenerCount(event) === 0) return;
    for (const listener of this.#emitter.listeners(event) as AnyListener[]) {
      try {
        const result: unknown = listener(...args);
        if (result instanceof Promise) result.catch((error: unknown) => this.#failed(event, error));
      } catch (error) {
        this.#failed(event, error);
      }
    }
  }

  #failed(event: string, error: unknown): void {
    this.logger.error({ event, err: error }, 'A listener failed');
  }
}
