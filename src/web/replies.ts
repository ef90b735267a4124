import type { Message } from './frames.js';
import { textOf } from './message-fields.js';

/** Gets the reply: what was asked for, or an `error`. */
export type OnReply = (reply: Message) => void;

/** What waits for a reply, by `request_id`. */
export class Replies {
  readonly #waiting = new Map<string, OnReply>();

  expect(requestId: string, onReply: OnReply): void {
    this.#waiting.set(requestId, onReply);
  }

  /** Hands a reply to whoever waits for it. Messages of runs are none, although the first repeats the id as well. */
  take(message: Message): boolean {
    const requestId = textOf(message, 'request_id');
    const onReply = requestId === undefined ? undefined : this.#waiting.get(requestId);
    if (requestId === undefined || onReply === undefined || 'seq' in message) return false;
    this.#waiting.delete(requestId);
    onReply(message);
    return true;
  }

  /** The connection is gone, and the replies with it. */
  forget(): void {
    this.#waiting.clear();
  }
}
