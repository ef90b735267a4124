import type { Connection } from '../connection/connection.js';
import type { RunHandle } from '../run/run-handle.js';
import { Subscription, type SubscriptionOptions } from './subscription.js';

const NONE: ReadonlyMap<string, Subscription> = new Map();

/** Which connection reads which runs: each at most once. */
export class Subscriptions {
  readonly #byConnection = new WeakMap<Connection, Map<string, Subscription>>();

  /** What a connection reads, by run id. */
  of(connection: Connection): ReadonlyMap<string, Subscription> {
    return this.#byConnection.get(connection) ?? NONE;
  }

  /** Lets a connection read a run. A connection that reads the run already reads on from `after`. */
  open(connection: Connection, run: RunHandle, options: Omit<SubscriptionOptions, 'onEnd'>): void {
    const existing = this.of(connection).get(run.id);
    if (existing !== undefined) return existing.moveTo(options.after, options.requestId);
    let ofConnection = this.#byConnection.get(connection);
    if (ofConnection === undefined) {
      this.#byConnection.set(connection, (ofConnection = new Map<string, Subscription>()));
    }
    const subscriptions = ofConnection;
    // Listed, not spread: each copy would have a hidden class of its own, and every look at it would miss its cache.
    const subscription = new Subscription(connection, run, {
      after: options.after,
      requestId: options.requestId,
      watched: options.watched,
      onFault: options.onFault,
      onEnd: (ended) => {
        if (subscriptions.get(run.id) === ended) subscriptions.delete(run.id);
      },
    });
    if (!subscription.isOver) subscriptions.set(run.id, subscription);
  }
}
