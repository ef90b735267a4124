import { WebSocket } from 'ws';
import { now, sleep } from '../../bench/lib/clock.js';
import { questionOf } from './plan.js';

const TERMINAL = new Set(['stream_end', 'cancelled', 'error']);
/** A connection on which nothing comes for so long is given up, in milliseconds. */
const SILENCE_MS = 4_000;

/**
 * One reader of one run, over connections that break: the rule of the protocol and nothing else. It asks for the run
 * where it is the first reader, and resumes it otherwise.
 */
export class Follower {
  /** What went against the protocol. @type {string[]} */
  violations = [];
  /** The last message of the run. */
  end = null;
  text = '';
  /** All that was ever shown of the text. */
  longest = '';
  position = 0;
  accepted = 0;
  connections = 0;
  /** The node of a cluster that accepted the run, if it said so. @type {string | undefined} */
  hostId;
  startedAt = now();
  endedAt = Infinity;
  /** From `connected` to the first live token, of each connection that resumed a run in progress. @type {number[]} */
  resumeMs = [];
  /** From `connected` to `resumed`. @type {number[]} */
  answerMs = [];
  #url;
  #random;
  #plan;
  #asks;
  #cancels = false;
  #chunks = 0;
  #stopped = false;

  constructor({ url, random, plan, asks }) {
    this.#url = url;
    this.#random = random;
    this.#plan = plan;
    this.#asks = asks;
  }

  /** Resolves when the run is over, or `stop` was called. */
  async follow() {
    while (this.end === null && !this.#stopped) {
      await this.#connection();
      if (this.end === null) await sleep(this.#random.int(20, 200));
    }
  }

  stop() {
    this.#stopped = true;
  }

  get description() {
    const end = this.end === null ? 'no end' : `${this.end.type} ${this.end.code ?? ''}`;
    return `run ${this.#plan.id.slice(0, 8)}: ${end} at ${this.position}, ${this.connections} connections`;
  }

  /** One connection, to its end. */
  #connection() {
    return new Promise((resolve) => {
      const socket = new WebSocket(this.#url, ['agent-ws.v1'], { handshakeTimeout: SILENCE_MS });
      const reading = { connectedAt: 0, head: Infinity, isResumed: false };
      let silence = setTimeout(() => socket.terminate(), SILENCE_MS);
      this.connections++;
      socket.on('error', () => {});
      socket.on('close', () => {
        clearTimeout(silence);
        resolve();
      });
      socket.on('message', (data) => {
        clearTimeout(silence);
        silence = setTimeout(() => socket.terminate(), SILENCE_MS);
        if (this.#stopped) return socket.terminate();
        this.#receive(JSON.parse(data.toString()), socket, reading);
        if (this.end !== null) socket.close();
      });
    });
  }

  #receive(message, socket, reading) {
    switch (message.type) {
      case 'connected':
        reading.connectedAt = now();
        reading.nodeId = message.node_id;
        this.#ask(socket);
        return;
      case 'accepted':
        // Whatever was said to be accepted must be known for ever after.
        if (++this.accepted > 1) this.#violate('was accepted twice');
        this.hostId = reading.nodeId;
        return;
      case 'resumed':
        this.#resumed(message, socket, reading);
        return;
      case 'going_away':
        return;
    }
    if (message.seq !== undefined) this.#apply(message, socket, reading);
    else if (message.code === 'store_unavailable') socket.close();
    else if (message.type === 'error') this.#violate(`was refused: ${message.code} ${message.error}`);
  }

  #ask(socket) {
    const { id } = this.#plan;
    // Before anything came nobody knows whether it was accepted: the same request again is safe.
    const request =
      this.#asks && this.position === 0
        ? { type: 'streaming_query', query: questionOf(this.#plan), run_id: id }
        : { type: 'resume', run_id: id, after: this.position };
    socket.send(JSON.stringify(request));
  }

  #resumed({ after, head, state, reset }, socket, reading) {
    this.answerMs.push(now() - reading.connectedAt);
    if (after !== 0 && after !== this.position) this.#violate(`resumed after ${after} at ${this.position}`);
    if (reset === true) this.#violate('was reset, though all it had seen was committed');
    if (after === 0) this.text = '';
    this.position = after;
    if (state === 'running' && this.connections > 1) Object.assign(reading, { head, isResumed: true });
    if (this.#cancels) this.#cancel(socket);
  }

  #apply(message, socket, reading) {
    const { type, seq, first_seq: first = seq, run_id: id } = message;
    if (id !== this.#plan.id) this.#violate(`got a message of another run`);
    if (this.end !== null) this.#violate(`got ${type} after the end`);
    if (first !== this.position + 1) this.#violate(`got ${first} to ${seq} at ${this.position}`);
    this.position = seq;
    if (type === 'stream_chunk') {
      this.text += message.content;
      if (this.text.length > this.longest.length) this.longest = this.text;
      if (reading.isResumed && seq > reading.head) {
        this.resumeMs.push(now() - reading.connectedAt);
        reading.isResumed = false;
      }
      this.#chunks++;
      if (this.#asks && this.#chunks === this.#plan.cancelAfter) this.#cancel(socket);
    }
    if (!TERMINAL.has(type)) return;
    this.end = message;
    this.endedAt = now();
  }

  #cancel(socket) {
    this.#cancels = true;
    socket.send(JSON.stringify({ type: 'cancel', run_id: this.#plan.id }));
  }

  #violate(what) {
    this.violations.push(`${this.description}: ${what}`);
  }
}
