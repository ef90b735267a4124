import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import type { Random } from '../../../src/testing/index.js';
import type { Engine } from '../../unit/run/harness.js';
import { randomAnswer } from './answers.js';
import { turns } from './late-run-store.js';
import { LinkedClient } from './linked-client.js';
import type { RunReader } from './run-reader.js';
import type { Answer, SteppedProvider } from './stepped-provider.js';

/** Turns of the event loop after which a reader without an end counts as stuck. */
const PATIENCE = 4_000;

/** What may happen to a reader, and how often in relation to the rest. */
const WEIGHTS = { cut: 30, pause: 14, unpause: 14, resume: 14, beyond: 3, repeat: 5, another: 20, cancel: 1 } as const;
type Action = keyof typeof WEIGHTS;
const ACTIONS = Object.entries(WEIGHTS).flatMap(([action, weight]) => Array<Action>(weight).fill(action as Action));

/** One run, its readers, and everything that happens to them. */
export class Schedule {
  readonly #random: Random;
  readonly #engine: Engine;
  readonly #answer: Answer;
  readonly #query: string;
  readonly #owner: string;
  readonly #runId = randomUUID();
  readonly #clients: LinkedClient[] = [];

  constructor(engine: Engine, provider: SteppedProvider, random: Random) {
    this.#engine = engine;
    this.#random = random;
    this.#answer = randomAnswer(random, random.int(0, 40));
    this.#query = `Question ${random.seed}`;
    this.#owner = `owner of ${random.seed}`;
    provider.answers.set(this.#query, this.#answer);
  }

  /** What each reader did and saw last. */
  get stories(): string {
    return this.#clients.map(({ story }, i) => `reader ${i}\n  ${story.slice(-60).join('\n  ')}`).join('\n');
  }

  async run(): Promise<void> {
    const random = this.#random;
    const asker = this.#addClient();
    asker.send(asker.reader.query(this.#query));
    await turns(random.int(0, 2));
    for (let steps = random.int(5, 60); steps > 0; steps--) {
      if (random.chance(0.35)) this.#answer.release(random.int(1, 6));
      else this.#disturb(random.pick(this.#clients));
      if (random.chance(0.7)) await turns(random.int(0, 2));
      else await Promise.resolve();
    }
    // One more reader arrives when all or almost all is written.
    const late = this.#addClient();
    late.send(late.reader.resume());
    this.#answer.release(Infinity);
    for (const client of this.#clients) this.#revive(client);
    for (let i = 0; i < PATIENCE && !this.#clients.every(({ isDone }) => isDone); i++) await turns(1);
    this.#check();
    for (const client of this.#clients) client.cut();
  }

  #addClient(): LinkedClient {
    const client = new LinkedClient(this.#engine, this.#owner, this.#runId);
    client.connect(this.#mark());
    this.#clients.push(client);
    return client;
  }

  /** Low marks make the server wait for a reader that does not read. */
  #mark(): number {
    return this.#random.pick([64, 500, 4_000, 262_144]);
  }

  #disturb(client: LinkedClient): void {
    const random = this.#random;
    const { reader } = client;
    if (!client.isConnected) {
      this.#revive(client);
      return;
    }
    const does: Readonly<Record<Action, () => void>> = {
      cut: () => client.cut(),
      pause: () => client.pause(),
      unpause: () => client.unpause(),
      resume: () => client.send(reader.resume(random.pick(reader.positions))),
      beyond: () => client.send(reader.resume(1_000_000)),
      repeat: () => client.send(reader.query(this.#query)),
      another: () => this.#addReader(),
      cancel: () => client.send({ type: 'cancel', run_id: this.#runId }),
    };
    does[random.pick(ACTIONS)]();
  }

  #addReader(): void {
    if (this.#clients.length >= 4) return;
    const client = this.#addClient();
    client.send(this.#random.chance(0.8) ? client.reader.resume() : client.reader.query(this.#query));
  }

  #revive(client: LinkedClient): void {
    if (!client.isConnected) {
      client.connect(this.#mark());
      client.send(client.reader.resume());
    }
    client.unpause();
  }

  #check(): void {
    for (const { failure } of this.#clients) if (failure !== undefined) throw failure as Error;
    const readers = this.#clients.map(({ reader }) => reader);
    const [first] = readers;
    expect(this.#answer.calls, 'the model was asked once').toBeLessThanOrEqual(1);
    for (const reader of readers) {
      checkText(reader, this.#answer);
      expect(reader.position).toBe(first?.position);
      expect(reader.types).toEqual(first?.types);
      expect(reader.text('stream_chunk') === first?.text('stream_chunk'), 'all have the same text').toBe(true);
    }
  }
}

/** Checks that a reader has the end of the run and the whole text; of a cancelled run, a prefix of the text. */
export function checkText(reader: RunReader, answer: Answer): void {
  expect(reader.end, 'the end').toBeOneOf(['stream_end', 'cancelled']);
  const [text, whole] = [reader.text('stream_chunk'), answer.text('text-delta')];
  const [reasoning, wholeReasoning] = [reader.text('stream_reasoning'), answer.text('reasoning-delta')];
  if (reader.end === 'stream_end') {
    expect(text === whole && reasoning === wholeReasoning, 'the whole text').toBe(true);
  } else {
    expect(whole.startsWith(text) && wholeReasoning.startsWith(reasoning), 'the beginning of the text').toBe(true);
  }
}
