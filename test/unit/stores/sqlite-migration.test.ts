import { readFileSync, writeFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { defineTool } from '../../../src/index.js';
import { loadDriver } from '../../../src/stores/sqlite/driver.js';
import { createScriptedProvider, TestClient } from '../../../src/testing/index.js';
import { startServer } from '../../helpers/server.js';
import { openStore, temporaryDatabase } from '../../helpers/sqlite.js';

/** Made by version 0.1.0, whose tables had version 2: three conversations, and a run that waits for a person. */
const OLD = new URL('../../fixtures/store-version-2.db.gz', import.meta.url);
const WAITING = '22222222-2222-4222-8222-222222222222';
const TRAVEL = { owner: 'ada', id: 'travel' };

/** The old database, the time of its open question counted from now. */
async function oldDatabase(): Promise<string> {
  const path = temporaryDatabase();
  writeFileSync(path, gunzipSync(readFileSync(OLD)));
  const { DatabaseSync } = await loadDriver();
  const database = new DatabaseSync(path);
  const [{ checkpoint }] = database.prepare('SELECT checkpoint FROM runs WHERE id = ?').all(WAITING) as [
    { checkpoint: string },
  ];
  const until = checkpoint.replace(/(\\"expiresAt\\":)\d+/, `$1${Date.now() + 300_000}`);
  expect(until).not.toBe(checkpoint);
  database.prepare('UPDATE runs SET checkpoint = ? WHERE id = ?').run(until, WAITING);
  database.close();
  return path;
}

it('opens a database of the first format with everything in it, as one branch', async () => {
  const { conversations, runs } = await openStore({ path: await oldDatabase() });
  const { items, hasMore } = conversations.read(TRAVEL, { limit: 50, siblings: true });
  expect(hasMore).toBe(false);
  expect(items.map(({ role, content, status }) => [role, content, status])).toEqual([
    ['user', 'What is the capital of France?', undefined],
    ['assistant', 'Paris is the capital.', undefined],
    ['user', 'What is 1 + 2?', undefined],
    ['assistant', 'Let me add. ', undefined],
    ['tool', '3', undefined],
    ['assistant', 'It is 3.', undefined],
    ['user', 'Tell me all.', undefined],
    ['assistant', 'Half an ans', 'cancelled'],
  ]);
  expect(items.map(({ parentId }) => parentId)).toEqual([undefined, ...items.slice(0, -1).map(({ id }) => id)]);
  expect(items.some(({ siblings }) => siblings !== undefined)).toBe(false);
  expect(items[3]?.toolCalls).toEqual([{ id: 'c1', name: 'add', arguments: '{"a":1,"b":2}' }]);
  expect(conversations.find(TRAVEL)).toMatchObject({ title: 'What is the capital of France?', messages: 8 });
  expect(conversations.find({ owner: 'ada', id: 'other talk' })).toMatchObject({
    title: 'Named',
    metadata: { pinned: true },
    messages: 2,
  });
  expect(runs.list('ada', 100)).toHaveLength(5);
});

it('goes on in conversations and runs of the first format', async () => {
  const store = await openStore({ path: await oldDatabase() });
  const refund = defineTool({
    name: 'refund',
    description: 'Refunds.',
    params: z.object({ id: z.string() }),
    needsApproval: true,
    execute: () => 'done',
  });
  const provider = createScriptedProvider(['Refunded.'], ['Lyon.'], ['Rome.']);
  const { url } = await startServer({ store, provider, tools: [refund], authenticate: () => ({ id: 'ada' }) });
  const client = await TestClient.connect(url);
  const history = async (id: string) => {
    client.send({ type: 'history', conversation_id: id, request_id: crypto.randomUUID() });
    return (await client.next('history', undefined, client.frames.length)).messages;
  };

  client.send({ type: 'resume', run_id: WAITING });
  expect((await client.next('resumed')).pending_approvals).toMatchObject([{ tool_name: 'refund' }]);
  client.send({ type: 'approval', run_id: WAITING, tool_call_id: 'c2', approved: true });
  await client.next('stream_end', ({ run_id }) => run_id === WAITING);
  expect((await history('refunds')).map(({ role, content }) => [role, content])).toEqual([
    ['user', 'Refund A-1.'],
    ['assistant', ''],
    ['tool', '"done"'],
    ['assistant', 'Refunded.'],
  ]);

  const [, , question, answer] = await history('travel');
  await client.ask({
    type: 'streaming_query',
    query: 'And Italy?',
    conversation_id: 'travel',
    replace_from: question?.id,
  });
  const edited = await history('travel');
  expect(edited.map(({ content }) => content).slice(2)).toEqual(['And Italy?', 'Lyon.']);
  expect(edited[2]).toMatchObject({ siblings: [question?.id, edited[2]?.id], index: 1 });
  client.send({ type: 'select_branch', conversation_id: 'travel', message_id: answer?.id ?? '' });
  await client.next('branch_selected');
  expect(await history('travel')).toHaveLength(8);
});
