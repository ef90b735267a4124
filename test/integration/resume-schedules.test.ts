import { randomUUID } from 'node:crypto';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createMemoryStore, type RunStore, type Store } from '../../src/index.js';
import { MemoryRunStore } from '../../src/stores/memory/memory-run-store.js';
import { createRandom, FaultProxy, type Faults, type Random } from '../../src/testing/index.js';
import { openStore } from '../helpers/sqlite.js';
import { randomAnswer } from '../helpers/resume/answers.js';
import { LateRunStore, turns } from '../helpers/resume/late-run-store.js';
import { LinkedClient } from '../helpers/resume/linked-client.js';
import { readThrough } from '../helpers/resume/read-through.js';
import { RunReader } from '../helpers/resume/run-reader.js';
import { checkText, Schedule } from '../helpers/resume/schedule.js';
import { Answer, SteppedProvider } from '../helpers/resume/stepped-provider.js';
import { IS_LONG, seeds } from '../helpers/schedules.js';
import { startServer } from '../helpers/server.js';
import { createEngine } from '../unit/run/harness.js';

/** The schedules of a long run; a run of one commit plays a tenth of them. */
const scaled = (count: number): number => (IS_LONG ? count : count / 2);

/** On a machine that has a lot else to do. */
const TIMEOUT_MS = 240_000;

/** Runs something for many seeds, some at the same time, and says which failed. */
async function forSeeds(first: number, count: number, run: (seed: number) => Promise<void>): Promise<void> {
  const left = seeds(first, count);
  const lane = async (): Promise<void> => {
    for (let seed = left.pop(); seed !== undefined; seed = left.pop()) {
      await run(seed).catch((error: unknown) => {
        left.length = 0;
        throw new Error(`Seed ${seed}: ${String(error)}`, { cause: error });
      });
    }
  };
  await Promise.all(Array.from({ length: 20 }, lane));
}

describe('resume, in memory', () => {
  it('gives the end to a reader that has all but what is not committed yet', async () => {
    const provider = new SteppedProvider();
    const answer = new Answer([{ type: 'text-delta', text: 'Hello' }]);
    provider.answers.set('Hi', answer);
    const engine = createEngine({ provider, store: new LateRunStore(createRandom(1)) });
    const runId = randomUUID();
    const [asker, other] = [new LinkedClient(engine, 'ann', runId), new LinkedClient(engine, 'ann', runId)];
    asker.connect(262_144);
    asker.send(asker.reader.query('Hi'));
    // It stands at the beginning, as the log does: the run ends before anything of it is committed.
    engine.runs.on('end', () => {
      other.connect(262_144);
      other.send(other.reader.resume());
    });
    answer.release(1);
    await vi.waitFor(() => expect([asker.reader.end, other.reader.end]).toEqual(['stream_end', 'stream_end']));
  });

  async function runSchedules(store: RunStore, firstSeed: number, count: number): Promise<void> {
    const provider = new SteppedProvider();
    const engine = createEngine({ provider, store });
    await forSeeds(firstSeed, count, async (seed) => {
      const schedule = new Schedule(engine, provider, createRandom(seed));
      await schedule.run().catch((error: unknown) => {
        throw new Error(`${String(error)}\n${schedule.stories}`, { cause: error });
      });
    });
    expect(engine.runs.size).toBe(0);
  }

  it('gives every reader the whole run, whatever is cut, repeated and delayed', { timeout: TIMEOUT_MS }, async () => {
    await runSchedules(new MemoryRunStore(), 1_000, scaled(1_000));
  });

  it('does so over a store that publishes and reads late', { timeout: TIMEOUT_MS }, async () => {
    await runSchedules(new LateRunStore(createRandom(1)), 100_000, scaled(1_000));
  });

  it('does so from a database', { timeout: TIMEOUT_MS }, async () => {
    await runSchedules((await openStore()).runs, 200_000, scaled(300));
  });
});

/** What the network does to one connection. */
function randomFaults(random: Random): Faults {
  const cut = {
    direction: random.chance(0.8) ? ('down' as const) : ('up' as const),
    bytes: random.int(0, 2_500),
    by: random.pick(['fin', 'rst'] as const),
  };
  return {
    delayMs: random.chance(0.2) ? random.int(1, 8) : 0,
    bytesPerSecond: random.chance(0.1) ? 200_000 : Infinity,
    ...(random.chance(0.85) && { cutAfter: cut }),
  };
}

describe('resume, over a network that cuts at any byte', () => {
  async function runOverNetwork(store: Store, count: number): Promise<void> {
    const provider = new SteppedProvider();
    const server = await startServer({ provider, store });
    const proxy = await FaultProxy.start({
      target: server.port,
      onConnection: (index) => randomFaults(createRandom(index)),
    });
    onTestFinished(() => proxy.close());
    await forSeeds(500_000, count, async (seed) => {
      const random = createRandom(seed);
      const answer = randomAnswer(random, random.int(1, 40));
      const query = `Question ${seed}`;
      provider.answers.set(query, answer);
      const runId = randomUUID();
      const readers = Array.from({ length: random.int(1, 3) }, () => new RunReader(runId));
      const reading = Promise.all(readers.map((reader) => readThrough(proxy.url(), reader, query)));
      for (const _ of answer.parts) {
        answer.release(1);
        await turns(random.int(1, 20));
      }
      await reading;
      expect(answer.calls, 'the model was asked once').toBe(1);
      for (const reader of readers) {
        checkText(reader, answer);
        expect(reader.end).toBe('stream_end');
      }
    });
    expect(server.agent.runs.size).toBe(0);
  }

  it('gives every reader the whole run', { timeout: TIMEOUT_MS }, async () => {
    await runOverNetwork(createMemoryStore(), scaled(150));
  });

  it('does so from a database', { timeout: TIMEOUT_MS }, async () => {
    await runOverNetwork(await openStore(), scaled(60));
  });
});
