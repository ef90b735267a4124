import type { Connection } from '../connection/connection.js';
import { ANONYMOUS } from '../connection/principal.js';
import { AgentSocketError } from '../protocol/agent-socket-error.js';
import { Shares } from '../runtime/shares.js';

/** Maximum number of messages of one connection whose handlers are not done; one more gets `rate_limited`. */
const MAX_OF_CONNECTION = 128;

/** The same of all connections of one owner. */
const MAX_OF_OWNER = 512;

/** The same of all connections of one address. */
const MAX_OF_ADDRESS = 2_048;

/** The messages whose handlers are not done: each costs memory that no queue counts. */
export class Unanswered {
  readonly #owners = new Shares();
  readonly #addresses = new Shares();

  /** @throws AgentSocketError `rate_limited` if the connection, its owner or its address has as many as it may. */
  check({ unanswered, principal: { id: owner }, addressKey }: Connection): void {
    if (unanswered >= MAX_OF_CONNECTION) throw tooMany('The connection has', MAX_OF_CONNECTION);
    if (this.#owners.total === 0) return;
    // Clients without authentication that are one owner are not one person.
    if (owner !== ANONYMOUS.id && this.#owners.of(owner) >= MAX_OF_OWNER) throw tooMany('You have', MAX_OF_OWNER);
    if (addressKey !== undefined && this.#addresses.of(addressKey) >= MAX_OF_ADDRESS) {
      throw tooMany('The clients of your address have', MAX_OF_ADDRESS);
    }
  }

  /** Counts a message whose handler is at work. */
  add(connection: Connection): void {
    this.#count(connection, 1);
  }

  /** Counts it no more. */
  remove(connection: Connection): void {
    this.#count(connection, -1);
  }

  #count(connection: Connection, amount: number): void {
    const { principal, addressKey } = connection;
    connection.unanswered += amount;
    this.#owners.add(principal.id, amount);
    if (addressKey !== undefined) this.#addresses.add(addressKey, amount);
  }
}

function tooMany(who: string, max: number): AgentSocketError {
  return new AgentSocketError('rate_limited', `${who} ${max} messages that are not answered yet`);
}
