import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { defineTool, type LlmPart, type LlmProvider, type Principal, type Tool } from '../../src/index.js';
import { TERMINAL_TYPES, type ServerMessage } from '../../src/protocol/index.js';
import { createScriptedProvider, TestClient } from '../../src/testing/index.js';
import { startServer } from '../helpers/server.js';
import { share } from '../helpers/schedules.js';

const never = new Promise<never>(() => undefined);
/** Whoever the header names. */
const byHeader = ({ headers }: IncomingMessage): Principal => ({ id: `user ${headers['x-user']?.toString() ?? ''}` });

function toolOf(execute: Tool['execute']): Tool {
  return defineTool({ name: 't', description: 't', params: z.looseObject({}), execute });
}

const callTool: LlmPart = { type: 'tool-call', id: 'c1', name: 't', arguments: '{}' };

function isReply(message: ServerMessage): boolean {
  return message.type === 'cancelled' && message.seq === undefined;
}

/** Answers all pings sent before: what was on its way has arrived. */
async function settle(client: TestClient): Promise<void> {
  const id = randomUUID();
  client.send({ type: 'ping', request_id: id });
  await client.next('pong', ({ request_id }) => request_id === id);
}

function endsOf(client: TestClient, runId: string): ServerMessage[] {
  return client.messages.filter(
    (message) =>
      TERMINAL_TYPES.has(message.type) &&
      'run_id' in message &&
      'seq' in message &&
      message.seq !== undefined &&
      message.run_id === runId,
  );
}

describe('cancel', () => {
  it('before the first token aborts the provider, ends the run and answers after it', async () => {
    const provider = createScriptedProvider([never]);
    const server = await startServer({ provider });
    const client = await TestClient.connect(server.url);
    client.send({ type: 'streaming_query', query: 'q' });
    const { run_id: runId } = await client.next('stream_start');
    client.send({ type: 'cancel', request_id: 'stop' });
    const reply = await client.next('cancelled', ({ seq }) => seq === undefined);
    expect(reply).toMatchObject({ outcome: 'cancelled', run_ids: [runId], request_id: 'stop' });
    expect(endsOf(client, runId)).toMatchObject([
      { type: 'cancelled', reason: 'requested', finish_reason: 'cancelled', seq: 2 },
    ]);
    expect(client.messages.findIndex(isReply)).toBe(client.messages.length - 1);
    expect(provider.calls[0]?.signal.aborted).toBe(true);
    expect(server.agent.runs.size).toBe(0);
  });

  it.each([true, false])('in the middle of a stream lets no chunk follow (negotiated: %s)', async (negotiate) => {
    const provider: LlmProvider = {
      vendor: 'endless',
      async *stream() {
        for (;;) {
          await new Promise((resolve) => setImmediate(resolve));
          yield { type: 'text-delta', text: 'word ' };
        }
      },
    };
    const server = await startServer({ provider });
    const client = await TestClient.connect(server.url, { negotiate });
    client.send({ type: 'streaming_query', query: 'q' });
    await client.next('stream_chunk');
    client.send({ type: 'cancel' });
    await client.next('cancelled', ({ outcome }) => outcome === 'cancelled');
    await settle(client);
    const types = client.messages.map(({ type }) => type);
    expect(types.lastIndexOf('stream_chunk')).toBeLessThan(types.indexOf('cancelled'));
    expect(types.filter((type) => type === 'cancelled')).toHaveLength(negotiate ? 2 : 1);
  });

  it('is over within about a second where provider and tool are deaf, and says that the outcome is unknown', async () => {
    const server = await startServer({ provider: createScriptedProvider([callTool]), tools: [toolOf(() => never)] });
    const client = await TestClient.connect(server.url);
    client.send({ type: 'streaming_query', query: 'q' });
    await client.next('stream_tool_call');
    const before = performance.now();
    client.send({ type: 'cancel' });
    await client.next('cancelled', ({ seq }) => seq === undefined);
    expect(performance.now() - before).toBeLessThan(15_000);
    expect(client.all('stream_tool_result')).toMatchObject([{ error: { code: 'outcome_unknown' } }]);
    const deaf = await startServer({
      provider: { vendor: 'deaf', stream: () => ({ [Symbol.asyncIterator]: () => ({ next: () => never }) }) },
    });
    const other = await TestClient.connect(deaf.url);
    other.send({ type: 'agent_query', query: 'q' });
    await other.next('status');
    other.send({ type: 'cancel' });
    await other.next('cancelled', ({ seq }) => seq === undefined);
    expect(deaf.agent.runs.size).toBe(0);
  });

  it.each<[string, Tool['execute'], object]>([
    ['is deaf', () => never, { error: { code: 'outcome_unknown' } }],
    [
      'listens',
      (_params, { signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(new Error('stopped')));
        }),
      { error: { code: 'tool_failed' } },
    ],
    [
      'finishes all the same',
      (_params, { signal }) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => resolve('sent'));
        }),
      { result: 'sent' },
    ],
  ])('of a direct tool_call tells what became of a tool that %s', async (_how, execute, told) => {
    let signal: AbortSignal | undefined;
    const tool = toolOf((params, context) => {
      signal = context.signal;
      return execute(params, context);
    });
    const server = await startServer({ tools: [tool] });
    const client = await TestClient.connect(server.url);
    client.send({ type: 'tool_call', tool_name: 't' });
    await vi.waitFor(() => expect(signal).toBeDefined());
    client.send({ type: 'cancel' });
    const { run_ids: [runId = ''] = [] } = await client.next('cancelled', ({ seq }) => seq === undefined);
    expect(signal?.aborted).toBe(true);
    expect(client.all('stream_tool_result')).toMatchObject([{ tool_call_id: runId, run_id: runId, seq: 1, ...told }]);
    expect(endsOf(client, runId)).toMatchObject([{ type: 'cancelled', seq: 2 }]);
  });

  it('answers each of two in a row, and one with nothing running, once each on a plain client', async () => {
    const server = await startServer({ provider: createScriptedProvider(['a', never]) });
    const client = await TestClient.connect(server.url, { negotiate: false });
    for (let i = 0; i < 3; i++) client.send({ type: 'streaming_query', query: `q${i}` });
    await vi.waitFor(() => expect(client.all('stream_chunk')).toHaveLength(3));
    client.send({ type: 'cancel' });
    client.send({ type: 'cancel' });
    await vi.waitFor(() => expect(client.all('cancelled')).toHaveLength(2));
    client.send({ type: 'cancel' });
    await vi.waitFor(() => expect(client.all('cancelled')).toHaveLength(3));
    await settle(client);
    const replies = client.all('cancelled');
    expect(replies).toHaveLength(3);
    expect(replies.every(({ seq }) => seq === undefined)).toBe(true);
    expect(replies[0]?.run_ids).toHaveLength(3);
    expect(replies[2]).toMatchObject({ outcome: 'nothing_running', run_ids: [] });
  });

  it('stops only the run it names', async () => {
    const server = await startServer({ provider: createScriptedProvider(['a', never]) });
    const client = await TestClient.connect(server.url);
    const [one, two] = [randomUUID(), randomUUID()];
    client.send({ type: 'streaming_query', query: '1', run_id: one });
    client.send({ type: 'streaming_query', query: '2', run_id: two });
    await vi.waitFor(() => expect(client.all('stream_chunk')).toHaveLength(2));
    client.send({ type: 'cancel', run_id: one });
    const reply = await client.next('cancelled', ({ seq }) => seq === undefined);
    expect(reply.run_ids).toEqual([one]);
    await settle(client);
    expect(endsOf(client, one)).toHaveLength(1);
    expect(endsOf(client, two)).toHaveLength(0);
    client.send({ type: 'streaming_query', query: '3' });
    await vi.waitFor(() => expect(client.all('stream_chunk')).toHaveLength(3));
  });

  it('works from another connection of the owner and not from a stranger', async () => {
    const server = await startServer({
      provider: createScriptedProvider(['a', never]),
      authenticate: byHeader,
    });
    const connect = (user: string): Promise<TestClient> =>
      TestClient.connect(server.url, { headers: { 'x-user': user } });
    const [owner, second, stranger] = [await connect('ann'), await connect('ann'), await connect('bob')];
    const runId = randomUUID();
    owner.send({ type: 'streaming_query', query: 'q', run_id: runId });
    await owner.next('stream_chunk');
    stranger.send({ type: 'cancel', run_id: runId });
    stranger.send({ type: 'cancel' });
    await vi.waitFor(() => expect(stranger.all('cancelled')).toHaveLength(2));
    expect(stranger.all('cancelled').every(({ outcome }) => outcome === 'nothing_running')).toBe(true);
    second.send({ type: 'cancel' });
    expect(await second.next('cancelled')).toMatchObject({ outcome: 'nothing_running' });
    await settle(owner);
    expect(endsOf(owner, runId)).toEqual([]);
    second.send({ type: 'cancel', run_id: runId });
    expect(await second.next('cancelled', ({ outcome }) => outcome === 'cancelled')).toMatchObject({
      run_ids: [runId],
    });
    expect(await owner.next('cancelled')).toMatchObject({ run_id: runId, seq: 3, reason: 'requested' });
    second.send({ type: 'cancel', run_id: runId });
    expect(await second.next('cancelled', ({ outcome }) => outcome === 'already_finished')).toMatchObject({
      run_ids: [],
    });
  });

  it.each([true, false])('before the run exists leaves a tombstone (negotiated: %s)', async (negotiate) => {
    const provider = createScriptedProvider(['a']);
    const server = await startServer({ provider });
    const client = await TestClient.connect(server.url, { negotiate });
    const runId = randomUUID();
    client.send({ type: 'cancel', run_id: runId });
    client.send({ type: 'streaming_query', query: 'q', run_id: runId });
    expect(await client.next('cancelled', ({ seq }) => seq === 1)).toMatchObject({
      run_id: runId,
      reason: 'requested',
    });
    expect(await client.next('cancelled', ({ seq }) => seq === undefined)).toMatchObject({
      outcome: 'nothing_running',
      run_ids: [],
    });
    await settle(client);
    expect(client.all('stream_start')).toEqual([]);
    expect(provider.calls).toEqual([]);
  });

  it('and the natural end: one winner, one end, one reply, at any timing', { timeout: 180_000 }, async () => {
    const provider: LlmProvider = {
      vendor: 'quick',
      async *stream() {
        for (let i = 0; i < 4; i++) {
          await new Promise((resolve) => setImmediate(resolve));
          yield { type: 'text-delta', text: `${i}` };
        }
      },
    };
    const server = await startServer({ provider, rateLimits: false });
    const [client, plain] = [
      await TestClient.connect(server.url),
      await TestClient.connect(server.url, { negotiate: false }),
    ];
    // A fixed sequence of pauses, so that a failure comes again.
    let random = 42;
    const outcomes = new Set<string>();
    for (let i = 0; i < share(250); i++) {
      random = (random * 1_103_515_245 + 12_345) % 2 ** 31;
      for (const one of [client, plain]) {
        const since = one.messages.length;
        const runId = randomUUID();
        one.send({ type: i % 2 === 0 ? 'streaming_query' : 'agent_query', query: 'q', run_id: runId });
        for (let pause = random % 12; pause > 0; pause--) await new Promise((resolve) => setImmediate(resolve));
        one.send({ type: 'cancel' });
        const reply = await one.next('cancelled', ({ seq }) => seq === undefined, since);
        outcomes.add(String(reply.outcome));
        await settle(one);
        const got = one.messages.slice(since).filter(({ type }) => type !== 'pong' && type !== 'accepted');
        const ends = endsOf(one, runId);
        const cancelled = reply.outcome === 'cancelled';
        if (one === client) {
          expect(ends).toHaveLength(1);
          expect(ends[0]?.type === 'cancelled').toBe(cancelled);
          const seqs = got.flatMap((message) => ('seq' in message && message.seq !== undefined ? [message.seq] : []));
          expect(seqs).toEqual(seqs.map((_, index) => index + 1));
        } else {
          expect(ends).toHaveLength(cancelled ? 0 : 1);
          expect(got.filter(({ type }) => type === 'cancelled')).toHaveLength(1);
        }
        if (cancelled) expect(got.at(-1)).toBe(reply);
      }
    }
    expect(outcomes).toEqual(new Set(['cancelled', 'nothing_running']));
    expect(server.agent.runs.size).toBe(0);
  });

  it('is done for whoever leaves, unless somebody else reads', async () => {
    const provider = createScriptedProvider(['a', never]);
    const server = await startServer({ provider, detachGraceMs: 0 });
    const [one, two] = [await TestClient.connect(server.url), await TestClient.connect(server.url)];
    const runId = randomUUID();
    const request = { type: 'streaming_query', query: 'q', run_id: runId };
    one.send(request);
    await one.next('stream_chunk');
    two.send(request);
    await two.next('stream_chunk');
    one.socket.terminate();
    await vi.waitFor(() => expect(server.agent.connections.size).toBe(1));
    expect(provider.calls[0]?.signal.aborted).toBe(false);
    await settle(two);
    expect(endsOf(two, runId)).toEqual([]);
    two.socket.terminate();
    await vi.waitFor(() => expect(provider.calls[0]?.signal.aborted).toBe(true));
    const three = await TestClient.connect(server.url);
    expect(await three.ask(request)).toMatchObject({ type: 'cancelled', reason: 'abandoned' });
    expect(provider.calls).toHaveLength(1);
  });
});
