import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { startExample } from './example.js';

const FINISHED = '3f0c1f0e-5d5b-4b7a-9c55-0d1f6f2b8a11';
const CUT_OFF = '6f1e8f5e-3f0c-4c52-9f7e-2a4f3a1b2c3d';

it('sqlite.mjs keeps runs and conversations when it is killed in the middle of an answer', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'agent-ws-example-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const env = { DATABASE: join(directory, 'agent.db') };

  const before = await startExample('sqlite.mjs', env);
  const first = await before.connect({ negotiate: true });
  const whole = { type: 'streaming_query', query: 'What is 6 * 7?', run_id: FINISHED, conversation_id: 'c' };
  await first.ask(whole);
  first.send({
    type: 'streaming_query',
    query: 'How do I connect from a browser?',
    run_id: CUT_OFF,
    conversation_id: 'c',
  });
  await first.next('stream_chunk', ({ run_id: id, seq }) => id === CUT_OFF && seq > 5);
  expect(await before.stop('SIGKILL')).toBe('SIGKILL');
  const seen = first.text(CUT_OFF);
  const { seq = 0 } = first.all('stream_chunk').at(-1) ?? {};

  const after = await startExample('sqlite.mjs', env);
  const client = await after.connect({ negotiate: true });
  expect(client.connected.epoch).toBe(first.connected.epoch);

  // Reading on: what was written after the last message this client got, then the end.
  client.send({ type: 'resume', run_id: CUT_OFF, after: seq });
  expect(await client.next('error')).toMatchObject({ run_id: CUT_OFF, code: 'run_interrupted' });
  const told = seen + client.text(CUT_OFF);

  // Asking again executes nothing.
  const since = client.messages.length;
  client.send({ ...whole, request_id: 'again' });
  expect(await client.next('resumed', () => true, since)).toMatchObject({ state: 'finished', request_id: 'again' });
  await client.next('stream_end');
  expect(client.text(FINISHED)).toContain('42');

  client.send({ type: 'history', conversation_id: 'c' });
  const { messages } = await client.next('history');
  expect(messages.filter(({ role }) => role === 'user').map(({ content }) => content)).toEqual([
    'What is 6 * 7?',
    'How do I connect from a browser?',
  ]);
  expect(messages.at(-1)).toMatchObject({ role: 'assistant', content: told, status: 'interrupted' });

  expect(await after.stop()).toBe(0);
});
