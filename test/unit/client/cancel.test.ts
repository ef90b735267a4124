import { describe, expect, it } from 'vitest';
import type { AgentClient, ClientRun, RunEvent } from '../../../src/client/index.js';
import { start } from './client.js';

const cancelled = (run: ClientRun, seq: number) => ({ type: 'cancelled', reason: 'requested', run_id: run.id, seq });

async function last(run: AsyncIterable<RunEvent>): Promise<RunEvent | undefined> {
  let event: RunEvent | undefined;
  for await (event of run);
  return event;
}

describe('cancel', () => {
  it('before there is a connection sends nothing', async () => {
    const { server, client } = await start();
    const run = client.stream('x');
    await run.cancel();
    expect(run.state).toBe('cancelled');
    expect(await last(run)).toMatchObject({ type: 'end', state: 'cancelled', error: { code: 'cancelled' } });
    await expect(Promise.resolve(run)).rejects.toMatchObject({ code: 'cancelled', runId: run.id });
    const other = client.stream('y');
    const peer = await server.peer();
    await peer.next('streaming_query');
    expect(peer.received.map(({ run_id }) => run_id)).toEqual([other.id]);
  });

  it('of a live run asks the server, once, and waits for the end', async () => {
    const { server, client } = await start();
    const run = client.stream('x');
    const peer = await server.peer();
    await peer.next('streaming_query');
    const ended = Promise.all([run.cancel(), run.cancel()]);
    const asked = await peer.next('cancel');
    expect(asked['run_id']).toBe(run.id);
    expect(run.state).toBe('sending');
    peer.send(cancelled(run, 1), {
      type: 'cancelled',
      outcome: 'cancelled',
      run_ids: [run.id],
      request_id: asked['request_id'],
    });
    await ended;
    expect(run.state).toBe('cancelled');
    expect(peer.all('cancel')).toHaveLength(1);
  });

  it('that loses against the natural end is calm', async () => {
    const { server, client } = await start();
    const run = client.stream('x');
    const peer = await server.peer();
    await peer.next('streaming_query');
    const ended = run.cancel();
    await peer.next('cancel');
    peer.send(
      { type: 'stream_start', run_id: run.id, seq: 1 },
      { type: 'stream_end', run_id: run.id, seq: 2 },
      { type: 'cancelled', outcome: 'already_finished', run_ids: [] },
    );
    await ended;
    expect(run.state).toBe('finished');
    await run.cancel();
    expect(peer.all('cancel')).toHaveLength(1);
  });

  it('while the connection is lost goes out before what might start the run', async () => {
    const { server, client } = await start();
    const run = client.stream('x');
    await (await server.peer()).next('streaming_query');
    await server.stop();
    await expect.poll(() => client.state).not.toBe('connected');
    const ended = run.cancel();
    expect(run.state).toBe('sending');
    await server.restart();
    const second = await server.peer(2);
    await second.next('streaming_query');
    expect(second.received.map(({ type }) => type)).toEqual(['cancel', 'streaming_query']);
    second.send(cancelled(run, 1));
    await ended;
  });

  it('that was unanswered when the connection was lost is said again', async () => {
    const { server, client } = await start();
    const run = client.stream('x');
    const peer = await server.peer();
    await peer.next('streaming_query');
    peer.send({ type: 'accepted', run_id: run.id, state: 'running' });
    await expect.poll(() => run.state).toBe('running');
    const ended = run.cancel();
    await peer.next('cancel');
    peer.drop();
    const second = await server.peer(2);
    const resume = await second.next('resume');
    expect(second.received.map(({ type }) => type)).toEqual(['cancel', 'resume']);
    second.send(
      { type: 'resumed', run_id: run.id, after: 0, head: 1, state: 'cancelled', request_id: resume['request_id'] },
      cancelled(run, 1),
    );
    await ended;
  });

  it('that the server refuses for the moment is said again', async () => {
    const { server, client } = await start();
    const run = client.stream('x');
    const peer = await server.peer();
    await peer.next('streaming_query');
    peer.send({ type: 'accepted', run_id: run.id, state: 'running' });
    const ended = run.cancel();
    const first = await peer.next('cancel');
    peer.send({
      type: 'error',
      error: 'Slow down',
      code: 'rate_limited',
      retryable: true,
      retry_after_ms: 1,
      request_id: first['request_id'],
    });
    await peer.next('cancel', 2);
    const resume = await peer.next('resume');
    peer.send(
      { type: 'resumed', run_id: run.id, after: 0, head: 1, state: 'cancelled', request_id: resume['request_id'] },
      cancelled(run, 1),
    );
    await ended;
  });

  it('that the server refuses is told, and can be asked for again', async () => {
    const { server, client } = await start();
    const errors: (string | undefined)[] = [];
    client.on('error', ({ code, runId }) => errors.push(code, runId));
    const run = client.stream('x');
    const peer = await server.peer();
    await peer.next('streaming_query');
    peer.send({ type: 'accepted', run_id: run.id, state: 'running' });
    await expect.poll(() => run.state).toBe('running');
    for (const n of [1, 2]) {
      void run.cancel();
      const { request_id } = await peer.next('cancel', n);
      peer.send({ type: 'error', error: 'No', code: 'forbidden', retryable: false, request_id });
      await expect.poll(() => errors).toEqual(Array.from({ length: n }, () => ['forbidden', run.id]).flat());
    }
    peer.send({ type: 'stream_end', run_id: run.id, seq: 1 });
    expect((await run).text).toBe('');
  });

  it('of a run that is only resumed stops it too', async () => {
    const { server, client } = await start();
    const run = client.resume('5f0c0a52-6c0f-4d0e-8a54-0d3a3b1f2c11');
    const ended = run.cancel();
    const peer = await server.peer();
    const resume = await peer.next('resume');
    expect(peer.received.map(({ type }) => type)).toEqual(['cancel', 'resume']);
    peer.send(
      { type: 'resumed', run_id: run.id, after: 0, head: 1, state: 'cancelled', request_id: resume['request_id'] },
      cancelled(run, 1),
    );
    await ended;
  });

  it('of another client is told with its reason', async () => {
    const { server, client } = await start();
    const run = client.stream('x');
    const peer = await server.peer();
    await peer.next('streaming_query');
    peer.send(cancelled(run, 1));
    await expect(Promise.resolve(run)).rejects.toMatchObject({ code: 'cancelled', reason: 'requested' });
  });
});

describe('a signal', () => {
  it('cancels the run', async () => {
    const { server, client } = await start();
    const controller = new AbortController();
    const run = client.stream('x', { signal: controller.signal });
    const peer = await server.peer();
    await peer.next('streaming_query');
    controller.abort();
    await peer.next('cancel');
    peer.send(cancelled(run, 1));
    await expect(Promise.resolve(run)).rejects.toMatchObject({ code: 'cancelled' });
  });

  it('that was aborted before sends nothing', async () => {
    const { server, client } = await start();
    const signal = AbortSignal.abort();
    const run = client.stream('x', { signal });
    expect(run.state).toBe('cancelled');
    await expect(client.ping({ signal })).rejects.toBe(signal.reason);
    expect([client.state, server.peers.length]).toEqual(['idle', 0]);
  });

  it.each([
    ['resume', (client: AgentClient, { id }: ClientRun, signal: AbortSignal) => client.resume(id, { signal })],
    [
      'the same request',
      (client: AgentClient, { id }: ClientRun, signal: AbortSignal) => client.stream('x', { runId: id, signal }),
    ],
  ])('given by %s cancels a run that is known already, aborted before or later', async (_name, again) => {
    for (const isEarly of [true, false]) {
      const { server, client } = await start();
      const controller = new AbortController();
      const run = client.stream('x', { runId: crypto.randomUUID() });
      const peer = await server.peer();
      await peer.next('streaming_query');
      if (isEarly) controller.abort();
      expect(again(client, run, controller.signal)).toBe(run);
      controller.abort();
      expect((await peer.next('cancel'))['run_id']).toBe(run.id);
    }
  });

  it('that was aborted before cancels a run that is to be read on', async () => {
    const { server, client } = await start();
    const run = client.resume('0f0e0d0c-0b0a-4908-8706-050403020100', { signal: AbortSignal.abort() });
    await client.connect();
    const peer = await server.peer();
    expect((await peer.next('cancel'))['run_id']).toBe(run.id);
  });

  it('is let go when the run has ended', async () => {
    const { server, client } = await start();
    const controller = new AbortController();
    const run = client.stream('x', { signal: controller.signal });
    const peer = await server.peer();
    await peer.next('streaming_query');
    peer.send({ type: 'stream_start', run_id: run.id, seq: 1 }, { type: 'stream_end', run_id: run.id, seq: 2 });
    await run;
    controller.abort();
    void client.ping().catch(() => undefined);
    await peer.next('ping');
    expect(peer.all('cancel')).toEqual([]);
  });
});

describe('detach', () => {
  it('ends the reading and leaves the run alone', async () => {
    const { server, client } = await start();
    const run = client.stream('x');
    const peer = await server.peer();
    await peer.next('streaming_query');
    peer.send({ type: 'accepted', run_id: run.id, state: 'running' }, { type: 'stream_start', run_id: run.id, seq: 1 });
    await expect.poll(() => run.seq).toBe(1);
    run.detach();
    run.detach();
    expect(await last(run)).toMatchObject({ type: 'end', state: 'detached' });
    peer.send({ type: 'stream_chunk', content: 'a', run_id: run.id, seq: 2 });
    peer.drop();
    const second = await server.peer(2);
    await expect.poll(() => client.state).toBe('connected');
    expect([run.text, second.all('resume'), second.all('cancel')]).toEqual(['', [], []]);
  });

  it('before the run is sent sends it all the same', async () => {
    const { server, client } = await start();
    const run = client.stream('x', { onDisconnect: 'continue' });
    run.detach();
    const peer = await server.peer();
    expect(await peer.next('streaming_query')).toMatchObject({ run_id: run.id, on_disconnect: 'continue' });
    peer.drop();
    const second = await server.peer(2);
    await second.next('streaming_query');
    second.send({ type: 'accepted', run_id: run.id, state: 'running' }, { type: 'going_away', reconnect_after_ms: 0 });
    await expect.poll(() => second.all('streaming_query').length).toBe(1);
    second.drop();
    const third = await server.peer(3);
    await expect.poll(() => client.state).toBe('connected');
    expect(third.received).toEqual([]);
  });
});
