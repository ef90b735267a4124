import { Client, frame, kindOf } from './client.js';
import { expectedText, question, TOKENS } from './vocabulary.js';

/** What one connection after the other sees of a run. The JSON of the text is looked at when the measurement is over. */
export class View {
  #begin;
  #end;
  #client;
  #head = Infinity;
  times = [];
  raw = [];
  failure = null;
  isOver = false;
  /** When `accepted` came, and the first text after a resume that was not in the log yet. */
  acceptedAt = 0;
  liveAt = 0;
  /** How often it was resumed. */
  resumes = 0;
  /** Resolves when the run is accepted or resumed, and when it is over. */
  begun = new Promise((resolve) => (this.#begin = resolve));
  ended = new Promise((resolve) => (this.#end = resolve));
  /** Called if the connection is lost before the end. */
  onLost = () => this.#fail('connection lost');

  /** @param user - the number of the user whose run it is */
  constructor(runId, plan, user) {
    this.runId = runId;
    this.plan = plan;
    this.user = user;
  }

  async open(port) {
    const client = await Client.open(port, this.user, { protocol: 'agent-ws.v1' });
    client.onMessage = (data, from, to, at) => this.#read(data, from, to, at);
    client.onLost = () => this.onLost();
    this.#client = client;
  }

  ask() {
    this.#client.send(frame({ type: 'streaming_query', query: question(this.plan), run_id: this.runId }));
  }

  /** Reads on after what this view has, on a connection that is open. */
  resume() {
    this.liveAt = 0;
    this.resumes++;
    this.#client.send(frame({ type: 'resume', run_id: this.runId, after: this.#position() }));
  }

  /** Goes on at another port when the connection is lost. */
  moveTo(port) {
    this.onLost = () => {
      this.onLost = () => this.#fail('connection lost again');
      this.open(port).then(
        () => this.resume(),
        (error) => this.#fail(error.message),
      );
    };
  }

  close() {
    this.#client.close();
  }

  /** Whether the text so far is exactly how the answer begins, and the whole answer if it is over. */
  exact() {
    const text = this.#pieces().join('');
    const whole = expectedText(this.plan.stream, this.plan.tokens);
    return this.failure === null && (this.isOver ? text === whole : whole.startsWith(text));
  }

  /**
   * Milliseconds from the packet of the model to each piece of text.
   * @param sentAt - when each token was sent
   * @param skip - how many tokens are left out at the beginning
   */
  latencies(sentAt, skip) {
    const { stream } = this.plan;
    const found = [];
    let tokens = 0;
    let left = 0;
    for (const [i, piece] of this.#pieces().entries()) {
      left += piece.length;
      for (
        let size;
        (size = TOKENS[(stream + tokens) % TOKENS.length].length) <= left && tokens < sentAt.length;
        tokens++
      )
        left -= size;
      if (tokens > skip) found.push(this.times[i] - sentAt[tokens - 1]);
    }
    return found;
  }

  #pieces() {
    return this.raw.map((latin1) => parse(latin1).content);
  }

  #position() {
    return this.raw.length === 0 ? 0 : parse(this.raw.at(-1)).seq;
  }

  #read(data, from, to, at) {
    if (kindOf(data, from) === 'chunk') {
      this.times.push(at);
      this.raw.push(data.latin1Slice(from, to));
      if (this.#head < Infinity && parse(this.raw.at(-1)).seq > this.#head) {
        this.#head = Infinity;
        this.liveAt = at;
      }
      return;
    }
    const message = JSON.parse(data.toString('utf8', from, to));
    switch (message.type) {
      case 'accepted':
        this.acceptedAt = at;
        this.#begin();
        break;
      case 'resumed':
        this.#head = message.head;
        this.#begin();
        break;
      case 'stream_end':
        this.isOver = true;
        this.#end();
        break;
      case 'error':
        this.#fail(JSON.stringify(message));
        break;
      default:
    }
  }

  #fail(text) {
    this.failure ??= text;
    this.#begin();
    this.#end();
  }
}

// latin1 keeps the bytes as they are and costs no decoding while it is measured.
const parse = (latin1) => JSON.parse(Buffer.from(latin1, 'latin1').toString('utf8'));
