import type { CustomMessage, ServerMessage, ServerMessageOf, ServerMessageType } from '../protocol/server-messages.js';
import { AgentClientError, errorOf } from './client-error.js';
import { encode, type Outgoing } from './frame.js';
import type { OwnMessage } from './own-message.js';
import type { Unanswered, Wire } from './wire.js';

/** How a request is sent. */
export interface AskOptions {
  /** Whether the request may be sent again if the connection was lost before the reply. */
  readonly isRepeatable: boolean;
  /** Stops waiting for the reply. */
  readonly signal?: AbortSignal | undefined;
  /** Called whenever the request is sent. */
  readonly onSend?: (() => void) | undefined;
}

/** The reply to a request: a message of this type, any message with its id, or none. */
type Reply = ServerMessageType | 'any' | 'none';

interface Pending {
  readonly type: string;
  /** The frame. */
  readonly text: string;
  readonly reply: Reply;
  readonly isRepeatable: boolean;
  readonly onSend: (() => void) | undefined;
  /** `lost`: the connection over which it was sent is gone. */
  way: 'unsent' | 'sent' | 'lost';
  readonly resolve: (message: ServerMessage | CustomMessage | undefined) => void;
  readonly reject: (error: unknown) => void;
}

/** Requests with one reply and without a run, by their `request_id`. */
export class Requests {
  readonly #wire: Wire;
  readonly #pending = new Map<string, Pending>();

  constructor(wire: Wire) {
    this.#wire = wire;
  }

  /** Sends a message and returns its reply, of this type. A rejection need not be handled. */
  ask<T extends ServerMessageType>(message: Outgoing, reply: T, options: AskOptions): Promise<ServerMessageOf<T>> {
    return this.#answer(message, reply, options) as Promise<ServerMessageOf<T>>;
  }

  /** Sends a message of the user's own type; the reply may have any type. */
  askOwn(message: OwnMessage, options: AskOptions): Promise<CustomMessage> {
    return this.#answer(message, 'any', options) as Promise<CustomMessage>;
  }

  /** Sends a message that has no reply. */
  tell(message: OwnMessage, options: AskOptions): Promise<void> {
    return this.#answer(message, 'none', options) as Promise<void>;
  }

  /** Takes the reply to a request. Returns `false` for any other message. */
  handle(message: ServerMessage): boolean {
    const id = 'request_id' in message ? message.request_id : undefined;
    const pending = id === undefined ? undefined : this.#pending.get(id);
    if (pending === undefined) return false;
    if (message.type === 'error') pending.reject(errorOf(message));
    else if (pending.reply === 'any' || message.type === pending.reply) pending.resolve(message);
    else return false;
    return true;
  }

  /** Handles a lost connection: requests that may not be sent twice fail. */
  down(): void {
    for (const pending of this.#pending.values()) {
      if (pending.way === 'unsent') continue;
      pending.way = 'lost';
      if (pending.isRepeatable) continue;
      pending.reject(
        new AgentClientError('connection_lost', `The connection was lost before the answer to ${pending.type}`),
      );
    }
  }

  /** Handles a new connection: sends the repeatable requests again. */
  up(): void {
    for (const pending of this.#pending.values()) if (pending.way === 'lost') this.#send(pending);
  }

  /** Fails all requests, since there will be no replies. */
  fail(error: AgentClientError): void {
    for (const pending of this.#pending.values()) pending.reject(error);
  }

  get unanswered(): readonly Unanswered[] {
    return [...this.#pending.values()]
      .filter(({ way }) => way === 'sent')
      .map(({ text, reject }) => ({ size: text.length, refuse: reject }));
  }

  #answer(message: OwnMessage, reply: Reply, options: AskOptions): Promise<unknown> {
    const answer = new Promise((resolve, reject) => this.#begin(message, reply, options, resolve, reject));
    answer.catch(() => undefined);
    return answer;
  }

  #begin(
    message: OwnMessage,
    reply: Reply,
    { isRepeatable, signal, onSend }: AskOptions,
    resolve: Pending['resolve'],
    reject: (error: unknown) => void,
  ): void {
    signal?.throwIfAborted();
    const id = this.#wire.nextId();
    const text = encode(reply === 'none' ? message : { ...message, request_id: id });
    const settle = (): void => {
      this.#pending.delete(id);
      this.#wire.outbox.withdraw(pending);
      signal?.removeEventListener('abort', abort);
    };
    const pending: Pending = {
      type: message.type,
      text,
      reply,
      isRepeatable,
      onSend,
      way: 'unsent',
      resolve: (answer) => {
        settle();
        resolve(answer);
      },
      reject: (error) => {
        settle();
        reject(error);
      },
    };
    const abort = (): void => pending.reject(signal?.reason);
    signal?.addEventListener('abort', abort);
    this.#pending.set(id, pending);
    const refused = this.#wire.outbox.offer(pending, () => this.#send(pending));
    if (refused !== undefined) pending.reject(refused);
  }

  #send(pending: Pending): void {
    pending.way = 'sent';
    pending.onSend?.();
    const refused = this.#wire.sendFrame(pending.text);
    if (refused !== undefined) pending.reject(refused);
    else if (pending.reply === 'none') pending.resolve(undefined);
  }
}
