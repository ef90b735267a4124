import { randomUUID } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import type { ServerMessage } from '../../src/protocol/index.js';
import { createScriptedProvider, TestClient } from '../../src/testing/index.js';
import { startServer } from '../helpers/server.js';

const never = new Promise<never>(() => undefined);
const byHeader = {
  authenticate: (request: { headers: Record<string, unknown> }) => ({ id: String(request.headers['x-user']) }),
};
const as = (user: string) => ({ headers: { 'x-user': user } });

/** A promise and what settles it. */
function gate(): { opened: Promise<void>; open: () => void } {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open: () => open() };
}

/** The messages of a run, in the order they came. */
function ofRun(client: TestClient, runId: string): (ServerMessage & { seq: number })[] {
  return client.messages.filter(
    (message): message is ServerMessage & { seq: number } =>
      'seq' in message && message.seq !== undefined && 'run_id' in message && message.run_id === runId,
  );
}

describe('resume', () => {
  it('goes on where another connection was cut, without a hole or a repetition', async () => {
    const { opened, open } = gate();
    const server = await startServer({ provider: createScriptedProvider(['one ', 'two ', opened, 'three']) });
    const first = await TestClient.connect(server.url);
    const runId = randomUUID();
    first.send({ type: 'streaming_query', query: 'q', run_id: runId });
    const seen = await first.next('stream_chunk', ({ content }) => content.includes('two'));
    first.socket.terminate();
    await first.closed;
    const second = await TestClient.connect(server.url);
    second.send({ type: 'resume', run_id: runId, after: seen.seq, request_id: 'r1' });
    const resumed = await second.next('resumed');
    expect(resumed).toMatchObject({ run_id: runId, after: seen.seq, state: 'running', request_id: 'r1' });
    expect(resumed.head).toBe(seen.seq);
    open();
    await second.next('stream_end');
    const rest = ofRun(second, runId);
    expect(rest.map(({ seq }) => seq)).toEqual(Array.from({ length: rest.length }, (_, i) => seen.seq + 1 + i));
    expect(first.text(runId) + second.text(runId)).toBe('one two three');
    expect(rest.every((message) => !('request_id' in message) || message.request_id === 'r1')).toBe(true);
  });

  it.each([0, 1, 2, 3])('replays a finished run after %i', async (after) => {
    const server = await startServer({ provider: createScriptedProvider(['a', 'b']) });
    const client = await TestClient.connect(server.url);
    const runId = randomUUID();
    const end = await client.ask({ type: 'streaming_query', query: 'q', run_id: runId });
    const head = 'seq' in end ? (end.seq ?? 0) : 0;
    const whole = ofRun(client, runId);
    const other = await TestClient.connect(server.url);
    other.send({ type: 'resume', run_id: runId, after });
    expect(await other.next('resumed')).toMatchObject({ after, head, state: 'finished' });
    await other.next('stream_end');
    const replay = ofRun(other, runId);
    const firstSeq = replay[0] !== undefined && 'first_seq' in replay[0] ? replay[0].first_seq : undefined;
    expect(firstSeq ?? replay[0]?.seq).toBe(after + 1);
    // Time stamps never go back within a connection, so a replay may tell later ones.
    expect({ ...replay.at(-1), timestamp: 0 }).toEqual({ ...whole.at(-1), timestamp: 0 });
  });

  it('has nothing more for who stands at the end of a finished run, and holds no place for it', async () => {
    const server = await startServer({ provider: createScriptedProvider(['a']), maxRunsPerConnection: 1 });
    const client = await TestClient.connect(server.url);
    const runId = randomUUID();
    const end = await client.ask({ type: 'streaming_query', query: 'q', run_id: runId });
    const head = 'seq' in end ? (end.seq ?? 0) : 0;
    const since = client.messages.length;
    client.send({ type: 'resume', run_id: runId, after: head });
    expect(await client.next('resumed', undefined, since)).toMatchObject({ after: head, head, state: 'finished' });
    expect(await client.ask({ type: 'streaming_query', query: 'again' })).toMatchObject({ type: 'stream_end' });
    expect(
      client.messages.slice(since).filter((message) => 'run_id' in message && message.run_id === runId),
    ).toHaveLength(1);
  });

  it('begins anew where the client has more than the server', async () => {
    const server = await startServer({ provider: createScriptedProvider(['a', never]) });
    const client = await TestClient.connect(server.url);
    const runId = randomUUID();
    client.send({ type: 'streaming_query', query: 'q', run_id: runId });
    await client.next('stream_chunk');
    const since = client.messages.length;
    client.send({ type: 'resume', run_id: runId, after: 1_000 });
    expect(await client.next('resumed', undefined, since)).toMatchObject({ after: 0, reset: true, state: 'running' });
    expect(await client.next('stream_start', undefined, since)).toMatchObject({ seq: 1 });
  });

  it('moves the one subscription of a connection', async () => {
    const { opened, open } = gate();
    const server = await startServer({ provider: createScriptedProvider(['a', opened, 'b']) });
    const client = await TestClient.connect(server.url);
    const runId = randomUUID();
    client.send({ type: 'streaming_query', query: 'q', run_id: runId });
    await client.next('stream_chunk');
    for (let i = 0; i < 3; i++) client.send({ type: 'resume', run_id: runId, after: 1 });
    await vi.waitFor(() => expect(client.all('resumed')).toHaveLength(3));
    open();
    await client.next('stream_end');
    expect(client.all('stream_end')).toHaveLength(1);
    expect(ofRun(client, runId).map(({ seq }) => seq)).toEqual([1, 2, 2, 2, 2, 3, 4]);
  });

  it('reads a run that has not said anything yet: accepted is not nothing', async () => {
    const { opened, open } = gate();
    const server = await startServer({ provider: createScriptedProvider([opened, 'late']) });
    const client = await TestClient.connect(server.url);
    const runId = randomUUID();
    client.send({ type: 'agent_query', query: 'q', run_id: runId });
    await client.next('status');
    const other = await TestClient.connect(server.url);
    other.send({ type: 'resume', run_id: runId, after: 1 });
    expect(await other.next('resumed')).toMatchObject({ after: 1, head: 1, state: 'running' });
    open();
    expect(await other.next('agent_response')).toMatchObject({ content: 'late', seq: 2 });
  });

  it('serves several readers of one run at once, each from where it is', async () => {
    const { opened, open } = gate();
    const server = await startServer({ provider: createScriptedProvider(['a', 'b', opened, 'c']) });
    const first = await TestClient.connect(server.url);
    const runId = randomUUID();
    first.send({ type: 'streaming_query', query: 'q', run_id: runId });
    await first.next('stream_chunk', ({ content }) => content.includes('b'));
    const others = await Promise.all([0, 1, 2, 3].map(() => TestClient.connect(server.url)));
    for (const [after, client] of others.entries()) client.send({ type: 'resume', run_id: runId, after });
    await Promise.all(others.map((client) => client.next('resumed')));
    open();
    await Promise.all([first, ...others].map((client) => client.next('stream_end')));
    expect(others.map((client) => client.text(runId))).toEqual(['abc', 'abc', 'bc', 'c']);
  });

  it('knows no run of another owner, nor one that never was', async () => {
    const server = await startServer({ provider: createScriptedProvider(['a']), ...byHeader });
    const anna = await TestClient.connect(server.url, as('anna'));
    const bert = await TestClient.connect(server.url, as('bert'));
    const runId = randomUUID();
    await anna.ask({ type: 'streaming_query', query: 'q', run_id: runId });
    for (const unknown of [runId, randomUUID()]) {
      const since = bert.messages.length;
      bert.send({ type: 'resume', run_id: unknown, request_id: 'x' });
      expect(await bert.next('error', undefined, since)).toMatchObject({ code: 'run_not_found', run_id: unknown });
    }
  });

  it('is not for clients of the documented core', async () => {
    const server = await startServer();
    const client = await TestClient.connect(server.url, { negotiate: false });
    for (const type of ['resume', 'list_runs', 'watch', 'history', 'approval']) {
      const since = client.messages.length;
      client.send({ type, run_id: randomUUID(), conversation_id: 'c', tool_call_id: 't', approved: true });
      expect(await client.next('error', undefined, since)).toMatchObject({ code: 'unknown_type' });
    }
  });

  it('respects the limit of runs a connection reads', async () => {
    const server = await startServer({ provider: createScriptedProvider([never]), maxRunsPerConnection: 1 });
    const [one, two] = [await TestClient.connect(server.url), await TestClient.connect(server.url)];
    const ids = [randomUUID(), randomUUID()];
    one.send({ type: 'streaming_query', query: 'q', run_id: ids[0] });
    two.send({ type: 'streaming_query', query: 'q', run_id: ids[1] });
    await Promise.all([one.next('stream_start'), two.next('stream_start')]);
    one.send({ type: 'resume', run_id: String(ids[1]) });
    expect(await one.next('error')).toMatchObject({ code: 'too_many_runs', run_id: String(ids[1]) });
    one.send({ type: 'resume', run_id: String(ids[0]) });
    await one.next('resumed');
  });
});

describe('list_runs', () => {
  it('tells an owner all runs, in progress and ended', async () => {
    const server = await startServer({ provider: createScriptedProvider(['a'], [never]), ...byHeader });
    const anna = await TestClient.connect(server.url, as('anna'));
    const ids = [randomUUID(), randomUUID()];
    await anna.ask({ type: 'streaming_query', query: 'q', run_id: ids[0] });
    anna.send({ type: 'agent_query', query: 'q', run_id: ids[1], conversation_id: 'c1' });
    await anna.next('status');
    const tab = await TestClient.connect(server.url, as('anna'));
    tab.send({ type: 'list_runs', request_id: 'l' });
    expect(await tab.next('runs')).toMatchObject({
      request_id: 'l',
      runs: [
        { run_id: ids[0], kind: 'streaming_query', state: 'finished', head: 3 },
        { run_id: ids[1], kind: 'agent_query', state: 'running', conversation_id: 'c1', head: 1 },
      ],
    });
    const bert = await TestClient.connect(server.url, as('bert'));
    bert.send({ type: 'list_runs' });
    expect((await bert.next('runs')).runs).toEqual([]);
  });

  it('tells a client nobody knows only what its connection started or resumed', async () => {
    const server = await startServer({ provider: createScriptedProvider(['a']) });
    const [one, two] = [await TestClient.connect(server.url), await TestClient.connect(server.url)];
    const runId = randomUUID();
    await one.ask({ type: 'streaming_query', query: 'q', run_id: runId });
    two.send({ type: 'list_runs' });
    expect((await two.next('runs')).runs).toEqual([]);
    two.send({ type: 'resume', run_id: runId });
    await two.next('stream_end');
    const since = two.messages.length;
    two.send({ type: 'list_runs' });
    expect((await two.next('runs', undefined, since)).runs).toMatchObject([{ run_id: runId, state: 'finished' }]);
  });
});

describe('leaving a run', () => {
  const query = (over: object = {}) => ({ type: 'streaming_query', query: 'q', run_id: randomUUID(), ...over });

  it('lets it go on for the grace, where its reader can come back', async () => {
    const { opened, open } = gate();
    const provider = createScriptedProvider(['a', opened, 'b']);
    const server = await startServer({ provider, detachGraceMs: 60_000 });
    const client = await TestClient.connect(server.url);
    const request = query();
    client.send(request);
    await client.next('stream_chunk');
    client.socket.terminate();
    await vi.waitFor(() => expect(server.agent.connections.size).toBe(0));
    open();
    await vi.waitFor(() => expect(server.agent.runs.size).toBe(0));
    const back = await TestClient.connect(server.url);
    back.send({ type: 'resume', run_id: request.run_id, after: 0 });
    await back.next('stream_end');
    expect(back.text(request.run_id)).toBe('ab');
    expect(provider.calls[0]?.signal.aborted).toBe(false);
  });

  it('cancels it when the grace is over, and aborts its provider', async () => {
    const provider = createScriptedProvider(['a', never]);
    const server = await startServer({ provider, detachGraceMs: 50 });
    const client = await TestClient.connect(server.url);
    const request = query();
    client.send(request);
    await client.next('stream_chunk');
    client.socket.terminate();
    await vi.waitFor(() => expect(provider.calls[0]?.signal.aborted).toBe(true));
    const back = await TestClient.connect(server.url);
    expect(await back.ask(request)).toMatchObject({ type: 'cancelled', reason: 'abandoned' });
  });

  it('does not cancel it where somebody came back in time', async () => {
    const { opened, open } = gate();
    const provider = createScriptedProvider(['a', opened, 'b']);
    const server = await startServer({ provider, detachGraceMs: 200 });
    const client = await TestClient.connect(server.url);
    const [kept, left] = [query(), query()];
    client.send(kept);
    client.send(left);
    await client.next('stream_chunk', ({ run_id: id }) => id === left.run_id);
    client.socket.terminate();
    const back = await TestClient.connect(server.url);
    back.send({ type: 'resume', run_id: kept.run_id, after: 0 });
    await back.next('resumed');
    // The other one tells when the grace is over.
    await vi.waitFor(() => expect(server.agent.runs.size).toBe(1));
    open();
    expect(await back.next('stream_end')).toMatchObject({ finish_reason: 'stop', run_id: kept.run_id });
  });

  it('cancels it at once where its reader can never come back', async () => {
    const provider = createScriptedProvider(['a', never]);
    const server = await startServer({ provider });
    const client = await TestClient.connect(server.url, { negotiate: false });
    client.send(query());
    await client.next('stream_chunk');
    client.socket.terminate();
    await vi.waitFor(() => expect(provider.calls[0]?.signal.aborted).toBe(true));
  });

  it('lets the last reader decide where both kinds read', async () => {
    const provider = createScriptedProvider(['a', never]);
    const server = await startServer({ provider });
    const request = query();
    const resumable = await TestClient.connect(server.url);
    resumable.send(request);
    await resumable.next('stream_chunk');
    const core = await TestClient.connect(server.url, { negotiate: false });
    core.send(request);
    await core.next('stream_chunk');
    core.socket.terminate();
    await vi.waitFor(() => expect(server.agent.connections.size).toBe(1));
    expect(provider.calls[0]?.signal.aborted).toBe(false);
    const again = await TestClient.connect(server.url, { negotiate: false });
    again.send(request);
    await again.next('stream_chunk');
    resumable.socket.terminate();
    await vi.waitFor(() => expect(server.agent.connections.size).toBe(1));
    expect(provider.calls[0]?.signal.aborted).toBe(false);
    again.socket.terminate();
    await vi.waitFor(() => expect(provider.calls[0]?.signal.aborted).toBe(true));
  });

  it('does as the run says: cancel at once, when the last reader leaves and not before', async () => {
    const provider = createScriptedProvider(['a', never]);
    const server = await startServer({ provider });
    const request = query({ on_disconnect: 'cancel' });
    const [one, two] = [await TestClient.connect(server.url), await TestClient.connect(server.url)];
    one.send(request);
    await one.next('stream_chunk');
    two.send({ type: 'resume', run_id: request.run_id });
    await two.next('resumed');
    one.socket.terminate();
    await vi.waitFor(() => expect(server.agent.connections.size).toBe(1));
    expect(provider.calls[0]?.signal.aborted).toBe(false);
    two.socket.terminate();
    await vi.waitFor(() => expect(provider.calls[0]?.signal.aborted).toBe(true));
  });

  it('does as the run says: go on, for a client of the core too, until maxRunMs', async () => {
    const provider = createScriptedProvider(['a', never]);
    const server = await startServer({ provider, detachGraceMs: 20, maxRunMs: 500 });
    const request = query({ on_disconnect: 'continue' });
    const client = await TestClient.connect(server.url, { negotiate: false });
    client.send(request);
    await client.next('stream_chunk');
    client.socket.terminate();
    await vi.waitFor(() => expect(server.agent.connections.size).toBe(0));
    expect(provider.calls[0]?.signal.aborted).toBe(false);
    await vi.waitFor(() => expect(server.agent.runs.size).toBe(0));
    const back = await TestClient.connect(server.url);
    back.send({ type: 'resume', run_id: request.run_id });
    expect(await back.next('cancelled')).toMatchObject({ reason: 'max_duration' });
  });
});
