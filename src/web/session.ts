import { SUBPROTOCOL } from '../protocol/version.js';
import type { Answer } from './answer.js';
import { Connection } from './connection.js';
import { Frames, parseMessage, type Frame, type Message } from './frames.js';
import { uuid } from './ids.js';
import { Latency } from './latency.js';
import { textOf } from './message-fields.js';
import { Replies, type OnReply } from './replies.js';
import { Runs } from './runs.js';
import { Signal } from './signal.js';
import { Thread } from './thread.js';
import { Throughput } from './throughput.js';

const PROBE_INTERVAL_MS = 3_000;
/** The types of message to which the page gives ids of its own, where the person gave none. */
export const ASKS_FOR_RUN: ReadonlySet<unknown> = new Set(['streaming_query', 'agent_query', 'tool_call']);

/** Numbers of this session, whatever the log still holds. */
export interface Counters {
  sent: number;
  received: number;
  bytesSent: number;
  bytesReceived: number;
  connections: number;
}

/** Everything the page knows: the connection, what travelled, and what it means. The views read it. */
export class Session {
  readonly connection = new Connection();
  readonly frames = new Frames();
  readonly runs = new Runs();
  /** The conversation the questions belong to. */
  readonly thread = new Thread();
  readonly latency = new Latency();
  readonly throughput = new Throughput();
  readonly counters: Counters = { sent: 0, received: 0, bytesSent: 0, bytesReceived: 0, connections: 0 };
  /** The server said it goes away, and when to come back. */
  readonly goingAway = new Signal<number>();
  /** Another branch of a conversation was selected, here or elsewhere. */
  readonly branched = new Signal<string | undefined>();
  /** The server said hello: the connection is ready. */
  readonly greeted = new Signal();
  /** The `connected` message of the current connection. */
  hello: Message | undefined;
  /** Measure latency while connected. */
  probing = true;
  readonly #replies = new Replies();
  #sendingProbe = false;
  #nextRequest = 1;

  constructor() {
    this.connection.received.on((text) => this.#received(text));
    this.connection.sent.on((text) => this.#sent(text));
    this.connection.changed.on((state) => {
      if (state.name === 'closed') this.runs.lose();
      if (state.name !== 'open') return;
      this.counters.connections++;
      this.runs.isWhole = this.isNegotiated;
      this.#note('open', { subprotocol: state.subprotocol });
    });
    this.connection.ended.on(({ code, reason }) => {
      this.#note('close', { code, reason });
      this.hello = undefined;
      this.latency.forget();
      this.#replies.forget();
      this.runs.cut();
    });
    setInterval(() => this.#probe(), PROBE_INTERVAL_MS);
    setInterval(() => this.throughput.tick(), 1_000);
  }

  /** Whether the server speaks the whole protocol on this connection. */
  get isNegotiated(): boolean {
    const { state } = this.connection;
    return state.name === 'open' && state.subprotocol === SUBPROTOCOL;
  }

  /**
   * What {@link submit} would send: on a negotiated connection a run gets ids of the page's choice, and a question the
   * conversation of the page.
   */
  complete(message: Message): Message {
    if (!this.isNegotiated || !ASKS_FOR_RUN.has(message['type'])) return message;
    return {
      ...message,
      ...('query' in message && this.thread.fieldsFor(message)),
      request_id: message['request_id'] ?? this.#requestId('r'),
      run_id: message['run_id'] ?? uuid(),
    };
  }

  /** Sends a message. `false` where there is no open connection. */
  submit(message: Message): boolean {
    if (!this.connection.isOpen) return false;
    return this.connection.send(JSON.stringify(this.complete(message)));
  }

  /** Sends a message and hands its reply to `onReply`. `false` where there is no open connection. */
  ask(message: Message, onReply: OnReply): boolean {
    if (!this.connection.isOpen) return false;
    const requestId = this.#requestId('p');
    this.#replies.expect(requestId, onReply);
    return this.connection.send(JSON.stringify({ ...message, request_id: requestId }));
  }

  /** Sends a text exactly as it is. */
  submitText(text: string): boolean {
    return this.connection.send(text);
  }

  cancel(answer: Answer): boolean {
    return this.submit(answer.runId === undefined ? { type: 'cancel' } : { type: 'cancel', run_id: answer.runId });
  }

  cancelAll(): boolean {
    return this.submit({ type: 'cancel' });
  }

  /** Asks the same question as a new run, in the same place of the conversation. */
  repeat(answer: Answer): boolean {
    const { run_id: _run, request_id: _request, ...question } = answer.request;
    return this.submit(question);
  }

  #requestId(prefix: string): string {
    return `${prefix}${this.#nextRequest++}`;
  }

  #probe(): void {
    if (!this.probing || !this.connection.isOpen || document.hidden) return;
    this.#sendingProbe = true;
    const requestId = this.isNegotiated ? { request_id: this.#requestId('probe-') } : {};
    this.submit({ type: 'ping', ...requestId });
    this.#sendingProbe = false;
  }

  #sent(text: string): void {
    const message = parseMessage(text);
    const probe = this.#sendingProbe;
    const frame = this.frames.add('out', text, message, probe);
    this.counters.sent++;
    this.counters.bytesSent += frame.bytes;
    if (message === undefined) return;
    if (message['type'] === 'ping') this.latency.sent(probe, requestIdOf(message));
    this.runs.sent(message);
  }

  #received(text: string): void {
    const message = parseMessage(text);
    const probe = message?.['type'] === 'pong' && this.latency.received(requestIdOf(message));
    const frame = this.frames.add('in', text, message, probe);
    this.counters.received++;
    this.counters.bytesReceived += frame.bytes;
    this.throughput.add(frame.bytes, isChunk(frame));
    if (message === undefined) return;
    if (message['type'] === 'connected') {
      this.hello = message;
      this.connection.confirm();
      this.greeted.emit();
      this.#probe();
    } else if (message['type'] === 'going_away') {
      const after = Number(message['reconnect_after_ms'] ?? 0);
      this.connection.expectReturn(after);
      this.goingAway.emit(after);
    } else if (message['type'] === 'branch_selected') this.branched.emit(textOf(message, 'conversation_id'));
    // `resumed` and decisions are of use to the answer as well as to who asked; a refusal is for who asked alone.
    const isTaken = this.#replies.take(message);
    if (!isTaken || message['type'] !== 'error') this.runs.received(message);
  }

  #note(type: string, detail: Message): void {
    const message = { type, ...detail };
    this.frames.add('local', JSON.stringify(message), message, false);
  }
}

/** Whether the frame is a piece of streamed text. */
export function isChunk(frame: Frame): boolean {
  return frame.type === 'stream_chunk' || frame.type === 'stream_reasoning';
}

function requestIdOf(message: Message): string | undefined {
  const id = message['request_id'];
  return typeof id === 'string' ? id : undefined;
}
