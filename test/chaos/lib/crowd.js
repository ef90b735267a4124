import { randomUUID } from 'node:crypto';
import { WebSocket } from 'ws';
import { now, sleep } from '../../bench/lib/clock.js';
import { Follower } from './follower.js';
import { LibraryReader } from './library-reader.js';
import { makePlan } from './plan.js';

/** How long the last answers may take once no more are asked for, in milliseconds. */
export const PATIENCE_MS = 30_000;

/** How long after `cancelled` the model may still answer, in milliseconds. */
const ABORT_MS = 1_500;

/** How the client library is set: as impatient as the other clients. */
const LIBRARY = {
  WebSocket,
  backoff: { baseMs: 20, capMs: 200 },
  connectTimeoutMs: 4_000,
  silenceMs: 2_000,
  pongTimeoutMs: 2_000,
};

/** The clients: each asks one question after the other until the time is over. */
export class Crowd {
  /** @type {{ plan: import('./plan.js').Plan, readers: (Follower | LibraryReader)[] }[]} */
  runs = [];
  /** Cancelled runs whose model went on answering. @type {string[]} */
  burning = [];
  #url;
  #upstream;
  #tokens;
  #deadline;
  #createAgentClient;

  constructor({ url, upstream, tokens, ms, createAgentClient }) {
    this.#url = url;
    this.#upstream = upstream;
    this.#tokens = tokens;
    this.#deadline = now() + ms;
    this.#createAgentClient = createAgentClient;
  }

  /** A client that knows the rule of the protocol and nothing else, to its end: one run at a time. */
  async plainClient(random) {
    await this.#ask(random, (plan, asks) => new Follower({ url: this.#url, random, plan, asks }));
  }

  /** The client library, to its end: two runs at a time over one connection. */
  async libraryClient(random) {
    const client = this.#createAgentClient({ url: this.#url, ...LIBRARY });
    // The second reader of a run comes over a connection of its own.
    const makeReader = (plan, asks) =>
      asks ? new LibraryReader({ client, plan }) : new Follower({ url: this.#url, random, plan, asks });
    await Promise.all([this.#ask(random, makeReader), this.#ask(random, makeReader)]);
    client.close();
  }

  async #ask(random, makeReader) {
    await sleep(random.int(0, 1_000));
    while (now() < this.#deadline) await this.#play(random, makeReader);
  }

  /** One run, from the question to the end all its readers have. */
  async #play(random, makeReader) {
    const plan = makePlan(randomUUID(), random, this.#tokens);
    const asker = makeReader(plan, true);
    const run = { plan, readers: [asker] };
    this.runs.push(run);
    const giveUpAt = this.#deadline + PATIENCE_MS;
    const giveUp = setTimeout(() => run.readers.forEach((reader) => reader.stop()), giveUpAt - now());
    const reading = [asker.follow()];
    if (plan.tab) {
      while (asker.position === 0 && asker.end === null && now() < giveUpAt) await sleep(10);
      const tab = makeReader(plan, false);
      run.readers.push(tab);
      reading.push(tab.follow());
    }
    await Promise.all(reading);
    clearTimeout(giveUp);
    if (asker.end?.type !== 'cancelled') return;
    await sleep(ABORT_MS);
    if (this.#upstream.count('open', plan.id) > 0) this.burning.push(`${asker.description}: the model still answers`);
  }
}
