import type { Connection } from '../connection/connection.js';
import type { RunHandle } from '../run/run-handle.js';
import { Subscription, type SubscriptionOptions } from './subscription.js';

const NONE: ReadonlyMap<string, Subscription> = new Map();

/** Which connection reads which runs, each run at most once. */
export class Subscriptions {
  readonly #byConnection = new WeakMap<Connection, Map<string, Subscription>>();

  /** The subscriptions of a connection, by run id. */
  of(connection: Connection): ReadonlyMap<string, Subscription> {
    return this.#byConnection.get(connection) ?? NONE;
  }

  /** Lets a connection read a run. If the connection reads the run already, it continues after `after`. */
  open(connection: Connection, run: RunHandle, options: Omit<SubscriptionOptions, 'onEnd'>): void {
    const existing = this.of(connection).get(run.id);
    if (existing !== undefined) return existing.moveTo(options.after, options.requestId);
    let ofConnection = this.#byConnection.get(connection);
    if (ofConnection === undefined) {
      this.#byConnection.set(connection, (ofConnection = new Map<string, Subscription>()));
    }
    const subscriptions = ofConnection;
    // Properties are listed, not spread: each spread object would get its own hidden class, which makes access slow.
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
