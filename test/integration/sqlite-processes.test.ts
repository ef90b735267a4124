import { randomUUID } from 'node:crypto';
import { expect, it, onTestFinished } from 'vitest';
import { createSqliteStore } from '../../src/stores/sqlite.js';
import { share } from '../helpers/schedules.js';
import { SqliteProcess } from '../helpers/sqlite-process.js';
import { chunk, createRun, metaOf, openStore, temporaryDatabase, textOf } from '../helpers/sqlite.js';

/** Kills, and how many of them at the same time: a process needs most of its time to start. */
const KILLS = share(24);
const AT_ONCE = 3;

async function start(path: string, mode: 'write' | 'hold'): Promise<SqliteProcess> {
  const started = await SqliteProcess.start(path, mode);
  onTestFinished(() => started.kill());
  return started;
}

it('gives everything that was published back after a SIGKILL', { timeout: 240_000 }, async () => {
  let published = 0;
  let finished = 0;
  const round = async (): Promise<void> => {
    const path = temporaryDatabase();
    const child = await start(path, 'write');
    await child.until(Math.ceil(Math.random() * 3_000));
    await child.kill();

    const store = await openStore({ path, waitMs: 10_000 });
    const heads = new Map<string, number>();
    for (const line of child.lines.slice(1)) {
      const [id = '', head] = line.split(' ');
      heads.set(id, Number(head));
    }
    for (const [id, head] of heads) {
      const run = store.runs.open('ann', id);
      if (run === undefined) throw new Error('A run is gone');
      expect(run.log.published).toBeGreaterThanOrEqual(head);
      const whole = Array.from({ length: run.log.published }, (_, index) => `${index + 1} `).join('');
      expect(await textOf(run.log)).toBe(whole);
      const { items } = store.conversations.read({ owner: 'ann', id }, { limit: 1 });
      expect(items.length).toBe(run.log.published === 40 ? 1 : 0);
      expect(run.state).toBe(run.log.published === 40 ? 'finished' : 'accepted');
      published += head;
      finished += items.length;
    }
    for (const run of store.runs.unfinished()) run.log.append(chunk(run.log.published + 1));
    await store.close();
  };
  for (let done = 0; done < KILLS; done += AT_ONCE) {
    await Promise.all(Array.from({ length: AT_ONCE }, () => round()));
  }
  // It was killed in the middle of something.
  expect(published).toBeGreaterThan(KILLS * 200);
  expect(finished).toBeGreaterThan(KILLS * 2);
});

it('is refused by a database of another process, which is not disturbed', async () => {
  const path = temporaryDatabase();
  const child = await start(path, 'write');
  const before = performance.now();
  await expect(createSqliteStore({ path, waitMs: 300 })).rejects.toThrow(
    `The database ${path} belongs to another process, which did not close it within 300 ms`,
  );
  expect(performance.now() - before).toBeGreaterThanOrEqual(300);
  await child.until(child.lines.length + 200);
});

it('waits for a database of another process, without holding up this one', async () => {
  const path = temporaryDatabase();
  const child = await start(path, 'hold');
  let turns = 0;
  const timer = setInterval(() => {
    // Long after the first attempt failed.
    if (++turns === 10) void child.kill();
  }, 30);
  onTestFinished(() => clearInterval(timer));
  await openStore({ path, waitMs: 20_000 });
  expect(turns).toBeGreaterThanOrEqual(10);
});

it('lets only one of several in that come at the same time', async () => {
  const path = temporaryDatabase();
  const opened = await Promise.allSettled(Array.from({ length: 5 }, () => createSqliteStore({ path, waitMs: 200 })));
  const stores = opened.filter((result) => result.status === 'fulfilled').map(({ value }) => value);
  expect(stores).toHaveLength(1);
  await stores[0]?.close();
});

it('goes from one to the next', async () => {
  const path = temporaryDatabase();
  const first = await openStore({ path });
  createRun(first, metaOf(randomUUID())).append(chunk(1));
  const second = openStore({ path });
  await first.close();
  expect((await second).runs.unfinished()).toHaveLength(1);
});
