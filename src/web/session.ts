import { SUBPROTOCOL } from '../protocol/version.js';
import type { Answer } from './answer.js';
import { Connection } from './connection.js';
import { Frames, parseMessage, type Frame, type Message } from './frames.js';
import { uuid } from './ids.js';
import { Latency } from './latency.js';
import { Runs } from './runs.js';
import { Signal } from './signal.js';
import { Throughput } from './throughput.js';

const PROBE_INTERVAL_MS = 3_000;
const ASKS_FOR_RUN: ReadonlySet<unknown> = new Set(['streaming_query', 'agent_query', 'tool_call']);

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
  readonly latency = new Latency();
  readonly throughput = new Throughput();
  readonly counters: Counters = { sent: 0, received: 0, bytesSent: 0, bytesReceived: 0, connections: 0 };
  /** The server said it goes away, and when to come back. */
  readonly goingAway = new Signal<number>();
  /** The `connected` message of the current connection. */
  hello: Message | undefined;
  /** Measure latency while connected. */
  probing = true;
  #sendingProbe = false;
  #nextRequest = 1;

  constructor() {
    this.connection.received.on((text) => this.#received(text));
    this.connection.sent.on((text) => this.#sent(text));
    this.connection.changed.on((state) => {
      if (state.name !== 'open') return;
      this.counters.connections++;
      this.#note('open', { subprotocol: state.subprotocol });
    });
    this.connection.ended.on(({ code, reason }) => {
      this.#note('close', { code, reason });
      this.hello = undefined;
      this.latency.forget();
      this.runs.lose();
    });
    setInterval(() => this.#probe(), PROBE_INTERVAL_MS);
    setInterval(() => this.throughput.tick(), 1_000);
  }

  /** Whether the server speaks the whole protocol on this connection. */
  get isNegotiated(): boolean {
    const { state } = this.connection;
    return state.name === 'open' && state.subprotocol.startsWith(SUBPROTOCOL);
  }

  /** What {@link submit} would send: on a negotiated connection a run gets ids of the page's choice. */
  complete(message: Message): Message {
    if (!this.isNegotiated || !ASKS_FOR_RUN.has(message['type'])) return message;
    return {
      ...message,
      request_id: message['request_id'] ?? `r${this.#nextRequest++}`,
      run_id: message['run_id'] ?? uuid(),
    };
  }

  /** Sends a message. `false` where there is no open connection. */
  submit(message: Message): boolean {
    if (!this.connection.isOpen) return false;
    return this.connection.send(JSON.stringify(this.complete(message)));
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

  /** Asks for a lost run by its id: the server answers with what it still holds, and executes nothing twice. */
  reattach(answer: Answer): boolean {
    return this.submit({ ...answer.request });
  }

  /** Asks the same question as a new run. */
  repeat(answer: Answer): boolean {
    const { run_id: _run, request_id: _request, ...question } = answer.request;
    return this.submit(question);
  }

  #probe(): void {
    if (!this.probing || !this.connection.isOpen || document.hidden) return;
    this.#sendingProbe = true;
    const requestId = this.isNegotiated ? { request_id: `probe-${this.#nextRequest++}` } : {};
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
      this.#probe();
    } else if (message['type'] === 'going_away') {
      const after = Number(message['reconnect_after_ms'] ?? 0);
      this.connection.expectReturn(after);
      this.goingAway.emit(after);
    }
    this.runs.received(message);
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
