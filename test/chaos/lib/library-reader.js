import { now, sleep } from '../../bench/lib/clock.js';
import { questionOf } from './plan.js';

/** The first reader of a run through the client library: what a program sees of it. Stands where a `Follower` does. */
export class LibraryReader {
  violations = [];
  end = null;
  text = '';
  longest = '';
  connections = 0;
  startedAt = now();
  endedAt = Infinity;
  resumeMs = [];
  answerMs = [];
  #client;
  #plan;
  #run;
  #stopped = false;

  constructor({ client, plan }) {
    this.#client = client;
    this.#plan = plan;
  }

  get position() {
    return this.#run?.seq ?? 0;
  }

  get description() {
    return `run ${this.#plan.id.slice(0, 8)} in the library: ${this.end?.type ?? 'no end'} at ${this.position}`;
  }

  async follow() {
    while (this.end === null && !this.#stopped) await this.#ask();
  }

  stop() {
    this.#stopped = true;
    this.#run?.detach();
  }

  async #ask() {
    const { id, cancelAfter } = this.#plan;
    this.#run = this.#client.stream(questionOf(this.#plan), { runId: id });
    let pieces = 0;
    for await (const event of this.#run) {
      if (this.end !== null) this.#violate(`told ${event.type} after the end`);
      if (event.type === 'text') {
        this.text += event.text;
        if (this.text.length > this.longest.length) this.longest = this.text;
        if (++pieces === cancelAfter) void this.#run.cancel();
      } else if (event.type === 'reset') {
        this.#violate('was reset, though all it had seen was committed');
        this.text = '';
      } else if (event.type === 'end' && event.error?.code === 'store_unavailable' && this.position === 0) {
        // Nothing was changed: the same question again is safe.
        await sleep(50);
        break;
      } else if (event.type === 'end' && event.state !== 'detached') {
        this.end = endOf(event);
        this.endedAt = now();
      }
    }
    if (this.text !== this.#run.text) this.#violate('told other text by events than by run.text');
  }

  #violate(what) {
    this.violations.push(`${this.description}: ${what}`);
  }
}

/** The end as the server said it. */
function endOf({ state, error }) {
  if (state === 'finished') return { type: 'stream_end' };
  if (state === 'cancelled') return { type: 'cancelled', reason: error.reason };
  return { type: 'error', code: error.code, error: error.message };
}
