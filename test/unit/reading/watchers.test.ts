import { expect, it } from 'vitest';
import { Watchers } from '../../../src/reading/watchers.js';
import { createEngine, type Engine } from '../run/harness.js';

/** Watches from many connections until it is refused. Returns how many were granted, and the refusal. */
function watchAll(
  watchers: Watchers,
  engine: Engine,
  who: { owner?: string; remoteAddress?: string },
): [number, unknown] {
  for (let granted = 0, connections = 0; ; connections++) {
    const { connection } = engine.connect(who);
    try {
      for (let i = 0; i < 60; i++, granted++) watchers.add(connection, `${connections}/${i}`);
    } catch (error) {
      return [granted, error];
    }
  }
}

it('The watches of an owner are bounded, and free again when a connection is gone', () => {
  const engine = createEngine();
  const watchers = new Watchers();
  const first = engine.connect().connection;
  watchers.add(first, 'first');
  const refused = expect.objectContaining({ code: 'forbidden' }) as Error;
  expect(watchAll(watchers, engine, {})).toEqual([2_047, refused]);
  watchers.add(engine.connect({ owner: 'other' }).connection, 'x');
  first.terminate();
  watchers.add(engine.connect().connection, 'x');
});

it('The watches of an address are bounded', () => {
  const engine = createEngine();
  const watchers = new Watchers();
  const refused = expect.objectContaining({ code: 'forbidden' }) as Error;
  expect(watchAll(watchers, engine, { owner: 'anonymous', remoteAddress: '192.0.2.1' })).toEqual([8_192, refused]);
  watchers.add(engine.connect({ owner: 'anonymous', remoteAddress: '192.0.2.2' }).connection, 'x');
});
