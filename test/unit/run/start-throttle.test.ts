import { randomUUID } from 'node:crypto';
import { expect, it, vi } from 'vitest';
import { StartThrottle } from '../../../src/run/start-throttle.js';
import { createScriptedProvider } from '../../../src/testing/index.js';
import { createEngine, endOf } from './harness.js';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it('lets four begin in a turn, in the order they came, whoever comes meanwhile', async () => {
  const line = new StartThrottle(() => 0);
  const begun: string[] = [];
  const join = (name: string): void => line.join(() => begun.push(name));
  for (const name of 'abcdefghij') join(name);
  expect(begun.join('')).toBe('abcd');
  await turn();
  expect(begun.join('')).toBe('abcdefgh');
  join('k');
  expect(begun.join('')).toBe('abcdefgh');
  await turn();
  expect(begun.join('')).toBe('abcdefghijk');
  await turn();
  for (const name of 'lmnop') join(name);
  expect(begun.join('')).toBe('abcdefghijklmno');
});

it('lets more begin where turns are long, and none of that is left over for the next crowd', async () => {
  let now = 0;
  const line = new StartThrottle(() => now);
  let begun = 0;
  const crowd = (size: number): void => {
    for (let i = 0; i < size; i++) line.join(() => begun++);
  };
  crowd(40);
  expect(begun).toBe(4);
  now += 10;
  await turn();
  expect(begun).toBe(24);
  now += 100;
  await turn();
  expect(begun).toBe(40);
  now += 100;
  for (let i = 0; i < 3; i++) await turn();
  now += 1_000;
  crowd(40);
  expect(begun).toBe(44);
});

it('never begins a run that was cancelled while it was in line, and answers every other one', async () => {
  const provider = createScriptedProvider(['Hello']);
  const client = createEngine({ provider }).connect();
  const ids = Array.from({ length: 12 }, () => randomUUID());
  for (const id of ids) client.send({ type: 'streaming_query', query: id, run_id: id });
  client.send({ type: 'cancel', run_id: ids[11] });
  await vi.waitFor(() => {
    for (const id of ids) expect(endOf(client, id)).toBeDefined();
  });
  expect(ids.map((id) => endOf(client, id)?.type)).toEqual([...Array<string>(11).fill('stream_end'), 'cancelled']);
  const asked = provider.calls.map(({ request }) => request.messages.at(-1)?.content);
  expect(asked).toEqual(ids.slice(0, 11));
});
