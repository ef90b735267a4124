import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { createAgentClient, type Greeting } from '../../src/client/index.js';
import type { ServerMessage } from '../../src/protocol/index.js';
import { TestClient } from '../../src/testing/index.js';
import { startExample } from './example.js';

describe('own-provider.mjs', () => {
  it('answers with its own model, streamed, and stops in the middle', async () => {
    const client = await (await startExample('own-provider.mjs')).connect();
    expect(await client.ask({ type: 'agent_query', query: 'you are who' })).toMatchObject({
      type: 'agent_response',
      content: 'who are you',
      vendor: 'backwards',
      usage: { input_tokens: 3, output_tokens: 3 },
    });
    client.send({ type: 'streaming_query', query: 'word '.repeat(1_000) });
    await client.next('stream_chunk');
    client.send({ type: 'cancel' });
    expect(await client.next('cancelled')).toMatchObject({ outcome: 'cancelled' });
    expect(client.all('stream_end')).toEqual([]);
  });
});

describe('own-tool.ts', () => {
  it('runs its tool with checked params, and says what is wrong with others', async () => {
    const client = await (await startExample('own-tool.ts')).connect();
    const call = (params: Record<string, unknown>): Promise<ServerMessage> =>
      client.ask({ type: 'tool_call', tool_name: 'find_order', params });
    expect(await call({ order_id: 'A-1001' })).toMatchObject({ type: 'tool_result', result: { status: 'shipped' } });
    expect(await call({ order_id: 'A-1002', with_items: true })).toMatchObject({
      result: { status: 'packed', items: ['lamp'] },
    });
    expect(await call({ order_id: 'A-9' })).toMatchObject({ code: 'tool_failed', error: 'There is no order A-9' });
    expect(await call({ order_id: '7' })).toMatchObject({
      code: 'invalid_params',
      issues: [{ path: 'order_id', message: '`order_id`: An order number looks like A-1001' }],
    });
  });
});

describe('own-message-type.mjs', () => {
  it('takes its message, answers, and tells everybody', async () => {
    const example = await startExample('own-message-type.mjs');
    const [rater, other] = [await example.connect(), await example.connect()];
    const run_id = '3f0c1f0e-5d5b-4b7a-9c55-0d1f6f2b8a11';
    rater.send({ type: 'feedback', run_id, rating: 4, request_id: 'f1' });
    rater.send({ type: 'feedback', run_id, rating: 5 });
    rater.send({ type: 'feedback', run_id, rating: 6, request_id: 'f2' });
    expect(await rater.next('error')).toMatchObject({
      code: 'invalid_message',
      request_id: 'f2',
      issues: [{ path: 'rating' }],
    });
    // The protocol's own types are all TestClient knows.
    const received = (client: TestClient, type: string): ServerMessage[] =>
      client.messages.filter((message) => (message.type as string) === type);
    expect(received(rater, 'feedback_saved')[0]).toMatchObject({ request_id: 'f1' });
    other.send({ type: 'ping' });
    await other.next('pong');
    expect(received(other, 'feedback_average')).toEqual([
      { type: 'feedback_average', average: 4, count: 1 },
      { type: 'feedback_average', average: 4.5, count: 2 },
    ]);
  });
});

describe('authentication.ts', () => {
  it('knows its users by header or cookie, and nobody else', async () => {
    const example = await startExample('authentication.ts');
    const alice = await example.connect({ headers: { authorization: 'Bearer alice-secret' } });
    expect(alice.connected.principal_id).toBe('user-1');
    await example.printed('Alice is here');
    const bob = await example.connect({ headers: { cookie: 'theme=dark; token=bob-secret' } });
    expect(bob.connected.principal_id).toBe('user-2');
    const client = createAgentClient({ url: example.endpoint, WebSocket, token: () => 'alice-secret' });
    onTestFinished(() => client.close());
    const greeting = new Promise<Greeting>((resolve) => void client.on('connected', resolve));
    await client.connect();
    expect(await greeting).toMatchObject({ principalId: 'user-1' });

    const refused = (authorization?: string) =>
      TestClient.refused(example.endpoint, authorization === undefined ? {} : { headers: { authorization } });
    expect(await refused()).toMatchObject({ code: 4401 });
    expect(await refused('Bearer wrong')).toMatchObject({ code: 4401 });
    expect(await refused('Bearer mallory-secret')).toMatchObject({ code: 4403 });
  });
});
