import { describe, expect, it, vi } from 'vitest';
import { Turns } from '../../../src/transport/turns.js';

/** Longer than all connections together may work in a turn, in milliseconds. */
const LONG_MS = 6;

const burn = (): void => {
  for (const end = performance.now() + LONG_MS; performance.now() < end;);
};

/** What went on in each turn of the event loop, until `count` connections went on. */
async function seen(turns: string[][], count: number): Promise<string[]> {
  while (turns.flat().length < count) {
    turns.push([]);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return turns.map((names) => names.join(' ')).filter((names) => names !== '');
}

describe('connections that wait', () => {
  it('go on in the order in which they came, those first that a turn had no time for', async () => {
    const turns = new Turns();
    const log: string[][] = [[]];
    for (const name of ['a', 'b', 'c']) {
      let isFirst = true;
      const connection = {
        bytes: 1,
        goOn: () => {
          log.at(-1)?.push(name);
          burn();
          if (isFirst) turns.wait(connection);
          isFirst = false;
        },
      };
      turns.wait(connection);
    }
    expect(await seen(log, 6)).toEqual(['a', 'b', 'c', 'a', 'b', 'c']);
  });

  it('do not wait for those with more to read, of whom every second goes on all the same', async () => {
    const turns = new Turns();
    const log: string[][] = [[]];
    const wait = (name: string, bytes: number): void =>
      turns.wait({
        bytes,
        goOn: () => {
          log.at(-1)?.push(name);
          burn();
        },
      });
    for (const name of ['a', 'b', 'c', 'd']) wait(name, 65_536);
    wait('small', 60);
    wait('smaller', 30);
    expect(await seen(log, 6)).toEqual(['a', 'smaller', 'b', 'small', 'c', 'd']);
  });

  it('count what they begin in promises', async () => {
    const turns = new Turns();
    const log: string[][] = [[]];
    for (const name of ['a', 'b', 'c']) {
      turns.wait({
        bytes: 1,
        goOn: () => {
          log.at(-1)?.push(name);
          void Promise.resolve().then(burn);
        },
      });
    }
    expect(await seen(log, 3)).toEqual(['a', 'b', 'c']);
  });

  it('go on, though one of them throws', async () => {
    const turns = new Turns();
    const log: string[][] = [[]];
    const caught = vi.fn();
    const others = process.rawListeners('uncaughtException') as NodeJS.UncaughtExceptionListener[];
    process.removeAllListeners('uncaughtException').once('uncaughtException', caught);
    try {
      turns.wait({
        bytes: 1,
        goOn: () => {
          log.at(-1)?.push('a');
          throw new Error('broken');
        },
      });
      turns.wait({ bytes: 1, goOn: () => void log.at(-1)?.push('b') });
      expect((await seen(log, 2)).join(' ')).toBe('a b');
      expect(caught).toHaveBeenCalledOnce();
    } finally {
      for (const listener of others) process.on('uncaughtException', listener);
    }
  });

  it('are many if they fill the next turn', async () => {
    const turns = new Turns();
    const goOn = vi.fn();
    for (let i = 0; i < 15; i++) turns.wait({ bytes: 1, goOn });
    expect(turns.isBusy).toBe(false);
    turns.wait({ bytes: 1, goOn });
    expect(turns.isBusy).toBe(true);
    await vi.waitFor(() => expect(goOn).toHaveBeenCalledTimes(16));
    expect(turns.isBusy).toBe(false);
  });
});
