import type { Connection } from '../connection/connection.js';
import { AgentSocketError } from '../protocol/agent-socket-error.js';
import { AccountShares } from '../runtime/account-shares.js';

/** Maximum number of messages of one connection whose handlers are not done; one more gets `rate_limited`. */
const MAX_OF_CONNECTION = 128;

/** The same of all connections of one owner. */
const MAX_OF_OWNER = 512;

/** The same of all connections of one address. */
const MAX_OF_ADDRESS = 2_048;

/** The messages whose handlers are not done: each costs memory that no queue counts. */
export class Unanswered {
  readonly #shares = new AccountShares({ owner: MAX_OF_OWNER, address: MAX_OF_ADDRESS });

  /** @throws AgentSocketError `rate_limited` if the connection, its owner or its address has as many as it may. */
  check({ unanswered, accounts }: Connection): void {
    if (unanswered >= MAX_OF_CONNECTION) throw tooMany('The connection has', MAX_OF_CONNECTION);
    switch (this.#shares.full(accounts)) {
      case 'owner':
        throw tooMany('You have', MAX_OF_OWNER);
      case 'address':
        throw tooMany('The clients of your address have', MAX_OF_ADDRESS);
      case undefined:
    }
  }

  /** Counts a message whose handler is at work. */
  add(connection: Connection): void {
    connection.unanswered++;
    this.#shares.add(connection.accounts, 1);
  }

  /** Counts it no more. */
  remove(connection: Connection): void {
    connection.unanswered--;
    this.#shares.add(connection.accounts, -1);
  }
}

function tooMany(who: string, max: number): AgentSocketError {
  return new AgentSocketError('rate_limited', `${who} ${max} messages that are not answered yet`);
}
