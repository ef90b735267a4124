import { randomUUID } from 'node:crypto';
import { expect, it, vi } from 'vitest';
import { createScriptedProvider, TestClient } from '../../src/testing/index.js';
import { startServer } from '../helpers/server.js';
import { openWatchedStore } from '../helpers/sqlite.js';

it('says that it cannot write, answers what it can read, and takes refused changes back', async () => {
  const logger = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() };
  const watched = await openWatchedStore({ logger });
  const provider = createScriptedProvider(['Hello.'], ['Again.']);
  const { url } = await startServer({
    store: watched.store,
    provider,
    logger,
    authenticate: () => ({ id: 'ann' }),
  });
  const client = await TestClient.connect(url);
  const ready = async () => (await fetch(new URL('/readyz', url.replace('ws:', 'http:')))).status;
  const ask = async (message: object) => {
    const id = randomUUID();
    const since = client.frames.length;
    client.sendRaw(JSON.stringify({ ...message, request_id: id }));
    await vi.waitFor(() => expect(client.frames.slice(since).some((frame) => frame.includes(id))).toBe(true));
    return JSON.parse(client.frames.slice(since).find((frame) => frame.includes(id)) ?? '') as Record<string, unknown>;
  };

  await client.ask({ type: 'agent_query', query: 'Hi', conversation_id: 'talk' });
  expect(await ready()).toBe(200);
  watched.fails = (sql) => /^(INSERT|UPDATE|DELETE|COMMIT)/.test(sql);
  for (let count = 0; count < 50; count++) {
    const refusal = { type: 'error', code: 'store_unavailable', retryable: true };
    expect(await ask({ type: 'update_conversation', conversation_id: 'talk', title: `T${count}` })).toMatchObject(
      refusal,
    );
    expect(await ask({ type: 'delete_conversation', conversation_id: 'talk' })).toMatchObject(refusal);
    expect(await ask({ type: 'agent_query', query: 'More', conversation_id: 'talk' })).toMatchObject(refusal);
  }
  expect(await ready()).toBe(503);
  const history = await ask({ type: 'history', conversation_id: 'talk' });
  expect(history).toMatchObject({ type: 'history', title: 'Hi' });
  expect(history['messages']).toHaveLength(2);
  expect((await ask({ type: 'list_conversations' }))['type']).toBe('conversations');
  // The outage is logged once, and no refusal.
  expect(logger.error).toHaveBeenCalledTimes(1);

  watched.fails = () => false;
  // Nothing waits to be written, and still the end of the outage is found out.
  await vi.waitFor(async () => expect(await ready()).toBe(200), { timeout: 5_000 });
  expect(await ask({ type: 'history', conversation_id: 'talk' })).toMatchObject({ title: 'Hi' });
  expect(await client.ask({ type: 'agent_query', query: 'More', conversation_id: 'talk' })).toMatchObject({
    content: 'Again.',
  });
});
