import { randomUUID } from 'node:crypto';
import { WebSocket } from 'ws';
import { sleep } from '../../bench/lib/clock.js';
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

/** The clients: each asks one question after the other until it is over. */
export class Crowd {
  /** @type {{ plan: import('./plan.js').Plan, readers: (Follower | LibraryReader)[] }[]} */
  runs = [];
  /** Cancelled runs whose model went on answering. @type {string[]} */
  burning = [];
  #url;
  #upstream;
  #tokens;
  #createAgentClient;
  #isOver = false;
  #hasGivenUp = false;

  constructor({ url, upstream, tokens, createAgentClient }) {
    this.#url = url;
    this.#upstream = upstream;
    this.#tokens = tokens;
    this.#createAgentClient = createAgentClient;
  }

  /** Whether runs ended with `stream_end`, ended as interrupted, and were resumed while they were in progress. */
  get hasSeenAll() {
    const readers = this.runs.flatMap((run) => run.readers);
    return (
      readers.some(({ end }) => end?.type === 'stream_end') &&
      readers.some(({ end }) => end?.code === 'run_interrupted') &&
      readers.some(({ resumeMs }) => resumeMs.length > 0)
    );
  }

  /** Nobody asks another question, and the last answers get a while to come. */
  end() {
    this.#isOver = true;
    setTimeout(() => {
      this.#hasGivenUp = true;
      for (const reader of this.runs.flatMap((run) => run.readers)) reader.stop();
    }, PATIENCE_MS).unref();
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
    while (!this.#isOver) await this.#play(random, makeReader);
  }

  /** One run, from the question to the end all its readers have. */
  async #play(random, makeReader) {
    const plan = makePlan(randomUUID(), random, this.#tokens);
    const asker = makeReader(plan, true);
    const run = { plan, readers: [asker] };
    this.runs.push(run);
    const reading = [asker.follow()];
    if (plan.tab) {
      while (asker.position === 0 && asker.end === null && !this.#hasGivenUp) await sleep(10);
      const tab = makeReader(plan, false);
      run.readers.push(tab);
      reading.push(tab.follow());
    }
    await Promise.all(reading);
    if (asker.end?.type !== 'cancelled') return;
    await sleep(ABORT_MS);
    if (this.#upstream.count('open', plan.id) > 0) this.burning.push(`${asker.description}: the model still answers`);
  }
}
