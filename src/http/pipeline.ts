import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { andThen } from '../runtime/awaitable.js';
import { OneEachTurn } from '../runtime/one-each-turn.js';

/** Maximum number of requests of one socket that wait for earlier answers. Browsers send none ahead. */
const MAX_WAITING = 100;

/**
 * Answers the requests of one socket one after the other (RFC 9112, section 9.3.2): a client may send thousands at once
 * and read nothing, and every answer that was made would stay in memory. Of all sockets together, each turn of the event
 * loop has one answer.
 */
export class Pipeline {
  /** What waits on each socket that has an answer under way. */
  readonly #waiting = new WeakMap<Socket, (() => void)[]>();
  readonly #turns = new OneEachTurn();

  /** Calls `answer` when the earlier answers are sent. A client that sends too many requests ahead loses its socket. */
  inTurn({ httpVersionMajor, socket }: IncomingMessage, response: ServerResponse, answer: () => void): void {
    // In HTTP/2 each request is a stream of its own.
    if (httpVersionMajor > 1) return this.#inAnyTurn(socket, answer);
    const waiting = this.#waiting.get(socket);
    if (waiting === undefined) {
      this.#waiting.set(socket, []);
      this.#answer(socket, response, answer);
    } else if (waiting.length < MAX_WAITING) {
      waiting.push(() => this.#answer(socket, response, answer));
    } else {
      socket.destroy();
    }
  }

  #answer(socket: Socket, response: ServerResponse, answer: () => void): void {
    response.once('close', () => {
      const next = this.#waiting.get(socket)?.shift();
      if (next === undefined) this.#waiting.delete(socket);
      else next();
    });
    this.#inAnyTurn(socket, answer);
  }

  #inAnyTurn(socket: Socket, answer: () => void): void {
    const isHere = (): boolean => !socket.destroyed;
    void andThen(this.#turns.take(isHere), () => {
      if (isHere()) answer();
    });
  }
}
