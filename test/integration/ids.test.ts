import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { describe, expect, it, vi } from 'vitest';
import type { Principal } from '../../src/index.js';
import { createScriptedProvider, TestClient } from '../../src/testing/index.js';
import { startServer } from '../helpers/server.js';

/** Whoever the header names. */
const byHeader = ({ headers }: IncomingMessage): Principal => ({ id: `user ${headers['x-user']?.toString() ?? ''}` });

function gate(): { opened: Promise<void>; open: () => void } {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

describe('A run_id of the client', () => {
  it.each(['the same connection', 'another connection'])('repeated on %s while it lives attaches', async (where) => {
    const { opened, open } = gate();
    const provider = createScriptedProvider(['one ', opened, 'two']);
    const server = await startServer({ provider });
    const first = await TestClient.connect(server.url);
    const second = where === 'the same connection' ? first : await TestClient.connect(server.url);
    const request = { type: 'streaming_query', query: 'q', run_id: randomUUID() };
    first.send({ ...request, request_id: 'a' });
    expect(await first.next('accepted')).toMatchObject({ run_id: request.run_id, state: 'accepted', request_id: 'a' });
    await first.next('stream_chunk');
    const since = second.messages.length;
    second.send({ ...request, request_id: 'b' });
    const resumed = await second.next('resumed');
    expect(resumed).toMatchObject({ run_id: request.run_id, after: 0, head: 2, state: 'running', request_id: 'b' });
    open();
    await second.next('stream_end', () => true, since);
    const replay = second.messages.slice(since).filter((message) => 'seq' in message && message.seq !== undefined);
    expect(replay.map((message) => ('seq' in message ? message.seq : 0))).toEqual([1, 2, 3, 4]);
    expect(replay.map((message) => ('request_id' in message ? message.request_id : undefined))).toEqual([
      'b',
      undefined,
      undefined,
      undefined,
    ]);
    if (second !== first) {
      await first.next('stream_end');
      expect(first.text(request.run_id)).toBe('one two');
      expect(first.frames.join()).not.toContain('"request_id":"b"');
    }
    expect(provider.calls).toHaveLength(1);
  });

  it('is the same in any case of its letters', async () => {
    const provider = createScriptedProvider(['Hello']);
    const server = await startServer({ provider });
    const client = await TestClient.connect(server.url);
    const id = randomUUID();
    await client.ask({ type: 'streaming_query', query: 'q', run_id: id });
    client.send({ type: 'streaming_query', query: 'q', run_id: id.toUpperCase() });
    expect((await client.next('resumed')).run_id).toBe(id);
    expect(provider.calls).toHaveLength(1);
  });

  it('repeated counts against the runs a connection reads, unless it reads that one already', async () => {
    const { opened, open } = gate();
    const server = await startServer({ provider: createScriptedProvider(['a', opened]), maxRunsPerConnection: 1 });
    const [one, two] = [await TestClient.connect(server.url), await TestClient.connect(server.url)];
    const [first, second] = [randomUUID(), randomUUID()].map((id) => ({
      type: 'streaming_query',
      query: 'q',
      run_id: id,
    }));
    one.send(first ?? {});
    two.send(second ?? {});
    await Promise.all([one.next('stream_chunk'), two.next('stream_chunk')]);
    one.send(second ?? {});
    expect(await one.next('error')).toMatchObject({ code: 'too_many_runs', run_id: second?.run_id });
    one.send(first ?? {});
    expect((await one.next('resumed')).run_id).toBe(first?.run_id);
    open();
  });

  it('repeated after the end is replayed with the same text and executes nothing', async () => {
    const provider = createScriptedProvider(Array.from({ length: 300 }, (_, i) => `${i} 漢🙂`));
    const server = await startServer({ provider });
    const client = await TestClient.connect(server.url);
    const request = { type: 'streaming_query', query: 'q', run_id: randomUUID() };
    const end = await client.ask(request);
    for (const negotiate of [true, false]) {
      const other = await TestClient.connect(server.url, { negotiate });
      other.send(request);
      await other.next('stream_end');
      expect(other.text(request.run_id)).toBe(client.text(request.run_id));
      // Only the time may move: it never goes back within a connection.
      expect({ ...other.messages.at(-1), timestamp: 0 }).toEqual({ ...end, timestamp: 0 });
      expect(other.all('resumed')).toHaveLength(negotiate ? 1 : 0);
    }
    expect(provider.calls).toHaveLength(1);
  });

  it('with other content is refused, and request_id, key order and unknown fields are no content', async () => {
    const server = await startServer();
    const client = await TestClient.connect(server.url);
    const runId = randomUUID();
    await client.ask({ type: 'agent_query', query: 'q', run_id: runId });
    for (const other of [{ query: 'Q' }, { type: 'streaming_query' }, { query: 'q ' }]) {
      expect(await client.ask({ type: 'agent_query', query: 'q', ...other, run_id: runId })).toMatchObject({
        type: 'error',
        code: 'run_id_conflict',
        retryable: false,
      });
    }
    const same = await client.ask({ run_id: runId, extra: 1, query: 'q', type: 'agent_query' });
    expect(same).toMatchObject({ type: 'agent_response', content: 'Hello' });
  });

  it('whose log is gone is expired, or in conflict with other content', async () => {
    const provider = createScriptedProvider(['x']);
    const server = await startServer({ provider, retainMs: 0 });
    const client = await TestClient.connect(server.url);
    const request = { type: 'agent_query', query: 'q', run_id: randomUUID() };
    await client.ask(request);
    expect(await client.ask(request)).toMatchObject({ type: 'error', code: 'run_expired' });
    expect(await client.ask({ ...request, query: 'other' })).toMatchObject({ code: 'run_id_conflict' });
    expect(provider.calls).toHaveLength(1);
  });

  it('of another owner is another run', async () => {
    const server = await startServer({ authenticate: byHeader });
    const ann = await TestClient.connect(server.url, { headers: { 'x-user': 'ann' } });
    const bob = await TestClient.connect(server.url, { headers: { 'x-user': 'bob' } });
    const runId = randomUUID();
    expect(await ann.ask({ type: 'agent_query', query: 'a', run_id: runId })).toMatchObject({ type: 'agent_response' });
    expect(await bob.ask({ type: 'agent_query', query: 'b', run_id: runId })).toMatchObject({ type: 'agent_response' });
    expect(bob.all('resumed')).toEqual([]);
  });

  it('is claimed in the order received, and a refusal leaves it unused', async () => {
    const { opened, open } = gate();
    const server = await startServer({ provider: createScriptedProvider([opened, 'x']), maxRunsPerConnection: 2 });
    const client = await TestClient.connect(server.url);
    const ids = [randomUUID(), randomUUID(), randomUUID()];
    for (const id of ids) client.send({ type: 'agent_query', query: 'q', run_id: id, request_id: id });
    expect(await client.next('error')).toMatchObject({ code: 'too_many_runs', retryable: true, request_id: ids[2] });
    expect(client.all('accepted').map(({ run_id: id }) => id)).toEqual(ids.slice(0, 2));
    open();
    await vi.waitFor(() => expect(client.all('agent_response')).toHaveLength(2));
    expect(await client.ask({ type: 'agent_query', query: 'other', run_id: ids[2] })).toMatchObject({
      type: 'agent_response',
    });
    const unknown = { type: 'tool_call', tool_name: 'nothing', run_id: randomUUID() };
    expect(await client.ask(unknown)).toMatchObject({ code: 'unknown_tool' });
    expect(await client.ask({ type: 'agent_query', query: 'q', run_id: unknown.run_id })).toMatchObject({
      type: 'agent_response',
    });
  });
});
