import { randomUUID } from 'node:crypto';
import { setImmediate, setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import type { RunEntry } from '../../../../src/index.js';
import { createRandom, type Random } from '../../../../src/testing/random.js';
import type { RedisStore } from '../../../../src/stores/redis/redis-store.js';
import { missingRedis, redisOfFile } from '../../../helpers/redis.js';
import { createRun, LogReading, openRedisStore } from '../../../helpers/redis-store.js';
import { seeds, share } from '../../../helpers/schedules.js';
import { metaOf } from '../../../helpers/sqlite.js';

/** Runs at the same time. */
const TOGETHER = 60;

const chunk = (seq: number): RunEntry => ({ type: 'stream_chunk', seq, timestamp: seq, content: `${seq} ` });

function endOf(seq: number, runId: string): RunEntry {
  const encoded = JSON.stringify({ type: 'stream_end', timestamp: seq, run_id: runId, seq });
  return { type: 'stream_end', seq, timestamp: seq, encoded };
}

/** The text of a whole log that ends with entry `last`. */
function textTo(last: number, after = 0): string {
  let text = '';
  for (let seq = after + 1; seq < last; seq++) text += `${seq} `;
  return `${text}|`;
}

describe.skipIf(missingRedis() !== '')(`runs of other nodes${missingRedis()}`, () => {
  const redis = redisOfFile();

  /** A host and a node that reads, with the same keys. */
  async function openNodes(): Promise<{ host: RedisStore; reader: RedisStore }> {
    const keyPrefix = `test-${randomUUID()}`;
    const host = await openRedisStore(redis.url, { keyPrefix });
    const reader = await openRedisStore(redis.url, { keyPrefix });
    return { host, reader };
  }

  it('reads a log that another node writes, and finds the run over when the last message wakes it', async () => {
    const { host, reader } = await openNodes();
    const meta = metaOf(randomUUID());
    const log = await createRun(host, meta);
    log.append(chunk(1));
    await host.runs.commit();
    const run = await reader.runs.open(meta.owner, meta.id);
    if (run === undefined) throw new Error('There is no such run');
    expect(run).toMatchObject({ state: 'accepted', host: host.parts.node, meta });
    expect(() => run.log.append(chunk(2))).toThrow('Another node writes the log');
    const states: string[] = [];
    run.log.onPublished(() => states.push(run.state));
    const reading = new LogReading(run.log);
    await vi.waitFor(() => expect(reader.parts.followers.size).toBe(1));
    expect(await reader.runs.open(meta.owner, meta.id)).toBe(run);
    host.runs.setState(meta.owner, meta.id, 'running');
    for (let seq = 2; seq < 500; seq++) log.append(chunk(seq));
    log.append(endOf(500, meta.id));
    host.runs.setState(meta.owner, meta.id, 'finished');
    expect(await reading.until(500)).toBe(textTo(500));
    expect(states.at(-1)).toBe('finished');
    const again = await reader.runs.open(meta.owner, meta.id);
    expect(again?.state).toBe('finished');
    expect(await new LogReading(again?.log ?? run.log, 250).until(500)).toBe(textTo(500, 250));
  });

  it('fills what it was not told, and what the last message was, when it looks', async () => {
    const { host, reader } = await openNodes();
    const meta = metaOf(randomUUID());
    const log = await createRun(host, meta);
    const run = await reader.runs.open(meta.owner, meta.id);
    if (run === undefined) throw new Error('There is no such run');
    const reading = new LogReading(run.log);
    const { followers } = reader.parts;
    const told = vi.spyOn(followers, 'take').mockReturnValue();
    for (let seq = 1; seq <= 10; seq++) log.append(chunk(seq));
    await host.runs.commit();
    followers.look(0);
    await vi.waitFor(() => expect(reading.position).toBe(10));
    for (let seq = 11; seq <= 20; seq++) log.append(chunk(seq));
    log.append(endOf(21, meta.id));
    host.runs.setState(meta.owner, meta.id, 'finished');
    await host.runs.commit();
    await vi.waitFor(() => expect(told).toHaveBeenCalled());
    expect(reading.position).toBe(10);
    followers.look(0);
    expect(await reading.until(21)).toBe(textTo(21));
    expect(run.state).toBe('finished');
  });

  it('begins to follow a run that was opened twice with both of its readers', async () => {
    const { host, reader } = await openNodes();
    const meta = metaOf(randomUUID());
    const log = await createRun(host, meta);
    const [first, second] = await Promise.all([1, 2].map(() => reader.runs.open(meta.owner, meta.id)));
    if (first === undefined || second === undefined) throw new Error('There is no such run');
    const readings = [new LogReading(first.log), new LogReading(second.log)];
    for (let seq = 1; seq < 100; seq++) {
      log.append(chunk(seq));
      if (seq % 7 === 0) await setImmediate();
    }
    log.append(endOf(100, meta.id));
    host.runs.setState(meta.owner, meta.id, 'finished');
    for (const reading of readings) expect(await reading.until(100)).toBe(textTo(100));
    expect([first.state, second.state]).toEqual(['finished', 'finished']);
  });

  it('neither misses nor repeats an entry, whenever a reader comes', { timeout: 120_000 }, async () => {
    const { host, reader } = await openNodes();
    const runs = share(3_000);
    const [seed = 1] = seeds(1, 1_000_000);
    const random = createRandom(seed);
    for (let done = 0; done < runs; done += TOGETHER) {
      await Promise.all(Array.from({ length: TOGETHER }, () => playRun(host, reader, random)));
    }
  });
});

/** Writes a run at random moments and reads it from a random moment on. */
async function playRun(host: RedisStore, reader: RedisStore, random: Random): Promise<void> {
  const meta = metaOf(randomUUID(), `owner ${random.int(0, 20)}`);
  const log = await createRun(host, meta);
  const last = random.int(1, 40);
  const write = async (): Promise<void> => {
    for (let seq = 1; seq < last; seq++) {
      log.append(chunk(seq));
      if (random.chance(0.4)) await moment(random);
    }
    log.append(endOf(last, meta.id));
    host.runs.setState(meta.owner, meta.id, 'finished');
  };
  const read = async (): Promise<void> => {
    for (let wait = random.int(0, 12); wait > 0; wait--) await moment(random);
    const run = await reader.runs.open(meta.owner, meta.id);
    if (run === undefined) throw new Error('There is no such run');
    if (random.chance(0.3)) await moment(random);
    const after = random.int(0, Math.min(run.log.published, last - 1));
    const reading = new LogReading(run.log, after);
    expect(await reading.until(last)).toBe(textTo(last, after));
  };
  await Promise.all([write(), read()]);
}

function moment(random: Random): Promise<unknown> {
  return random.chance(0.8) ? setImmediate() : pause(random.int(0, 2));
}
