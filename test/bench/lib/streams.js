import { frame, kindOf } from './client.js';
import { now } from './clock.js';
import { expectedText, question } from './vocabulary.js';

/** One answer as it came in: times and raw messages. The JSON is looked at when the measurement is over. */
class Reply {
  times = [];
  raw = [];
  endAt = 0;
  failure = null;

  constructor(plan) {
    this.plan = plan;
    this.sentAt = now();
  }

  /** Milliseconds from sending the query to the first piece of text. */
  get firstMs() {
    return this.times.length > 0 ? this.times[0] - this.sentAt : Infinity;
  }

  /** Whether it started within `firstMs` and never paused for longer than `gapMs`. */
  inTime(firstMs, gapMs) {
    if (!this.complete || this.firstMs > firstMs) return false;
    for (let i = 1; i < this.times.length; i++) if (this.times[i] - this.times[i - 1] > gapMs) return false;
    return true;
  }

  get complete() {
    return this.endAt > 0 && this.failure === null;
  }

  /** The pieces of text. */
  pieces() {
    return this.raw.map((latin1) => JSON.parse(Buffer.from(latin1, 'latin1').toString('utf8')).content);
  }

  /** Whether the pieces are exactly what the upstream sent. */
  exact() {
    return this.complete && this.pieces().join('') === expectedText(this.plan.stream, this.plan.tokens);
  }
}

/** Asks one streaming query and resolves with the reply when it ended, well or badly. */
export function ask(client, plan) {
  return new Promise((resolve) => {
    const bytes = frame({ type: 'streaming_query', query: question(plan) });
    const reply = new Reply(plan);
    const fail = (text) => {
      reply.failure = text;
      resolve(reply);
    };
    client.onLost = () => fail('connection lost');
    client.onMessage = (data, from, to, at) => {
      switch (kindOf(data, from)) {
        case 'chunk':
          reply.times.push(at);
          // latin1 keeps the bytes as they are and costs no decoding now.
          reply.raw.push(data.latin1Slice(from, to));
          break;
        case 'start':
          break;
        case 'end':
          reply.endAt = at;
          resolve(reply);
          break;
        default:
          fail(data.toString('utf8', from, to));
      }
    };
    client.send(bytes);
  });
}
