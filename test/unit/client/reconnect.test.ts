import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { ClientRun, RunEvent } from '../../../src/client/index.js';
import type { ScriptedPeer } from '../../helpers/scripted-server.js';
import { start } from './client.js';

const chunk = (run: ClientRun, content: string, seq: number, firstSeq?: number) => ({
  type: 'stream_chunk',
  content,
  ...(firstSeq !== undefined && { first_seq: firstSeq }),
  run_id: run.id,
  seq,
});
const begin = (run: ClientRun) => ({ type: 'stream_start', run_id: run.id, seq: 1 });
const end = (run: ClientRun, seq: number) => ({ type: 'stream_end', run_id: run.id, seq });
const accept = (run: ClientRun) => ({ type: 'accepted', run_id: run.id, state: 'running' });
const resumed = (run: ClientRun, request: Record<string, unknown>, fields: Record<string, unknown> = {}) => ({
  type: 'resumed',
  run_id: run.id,
  after: request['after'],
  head: 9,
  state: 'running',
  request_id: request['request_id'],
  ...fields,
});
const refusal = (
  run: ClientRun,
  request: Record<string, unknown>,
  code: string,
  fields: Record<string, unknown> = {},
) => ({
  type: 'error',
  error: code,
  code,
  retryable: false,
  run_id: run.id,
  request_id: request['request_id'],
  ...fields,
});
const textOf = async (run: AsyncIterable<RunEvent>) => {
  let text = '';
  for await (const event of run) {
    if (event.type === 'reset') text = '';
    if (event.type === 'text') text += event.text;
  }
  return text;
};
const failure = (run: PromiseLike<unknown>) =>
  Promise.resolve(run).then(
    () => 'fine',
    (error: unknown) => (error as { code: string }).code,
  );

/** A run that was taken and of which the first messages came. */
async function running(epochAfter?: string): Promise<{
  run: ClientRun;
  peer: ScriptedPeer;
  server: Awaited<ReturnType<typeof start>>['server'];
  client: Awaited<ReturnType<typeof start>>['client'];
}> {
  const { server, client } = await start();
  const run = client.stream('x');
  const peer = await server.peer();
  await peer.next('streaming_query');
  peer.send(accept(run), begin(run), chunk(run, 'a', 2));
  await expect.poll(() => run.text).toBe('a');
  if (epochAfter !== undefined) server.welcome = { epoch: epochAfter };
  return { run, peer, server, client };
}

describe('a run that the server has taken', () => {
  it('is read on from where it stood', async () => {
    const { run, peer, server } = await running();
    const read = textOf(run);
    peer.drop();
    const second = await server.peer(2);
    const resume = await second.next('resume');
    expect(resume).toEqual({ type: 'resume', run_id: run.id, after: 2, request_id: expect.any(String) as string });
    second.send(resumed(run, resume), chunk(run, 'bc', 4, 3), chunk(run, 'd', 5), end(run, 6));
    expect((await run).text).toBe('abcd');
    expect(await read).toBe('abcd');
    expect(second.all('streaming_query')).toEqual([]);
  });

  it('applies nothing twice', async () => {
    const { run, peer } = await running();
    peer.send(begin(run), chunk(run, 'a', 2), chunk(run, 'b', 3), chunk(run, 'b', 3), end(run, 4));
    expect((await run).text).toBe('ab');
    expect(peer.all('resume')).toEqual([]);
  });

  it.each([
    ['something is missing', 'c', 4, undefined],
    ['known and unknown text come merged', 'abc', 4, 2],
  ])('asks for what it needs where %s', async (_case, content, seq, firstSeq) => {
    const { run, peer } = await running();
    peer.send(chunk(run, content, seq, firstSeq));
    const resume = await peer.next('resume');
    expect(resume['after']).toBe(2);
    // What still comes from before is not mixed with the replay.
    peer.send(chunk(run, 'x', 3), chunk(run, 'y', 5));
    peer.send(resumed(run, resume), chunk(run, 'bc', 4, 3), end(run, 5));
    expect((await run).text).toBe('abc');
    expect(peer.all('resume')).toHaveLength(1);
  });

  it('gives up on a server that never fills the hole', async () => {
    const { run, peer } = await running();
    peer.send(chunk(run, 'c', 4));
    for (let n = 1; n <= 6; n++) {
      const resume = await peer.next('resume', n);
      peer.send(resumed(run, resume), chunk(run, 'c', 4));
    }
    expect(await failure(run)).toBe('protocol_error');
  });

  it('starts over where the server lost what it had sent', async () => {
    const { run, peer, server } = await running();
    const read = textOf(run);
    const types: string[] = [];
    run.subscribe(({ type }) => types.push(type));
    peer.drop();
    const second = await server.peer(2);
    const resume = await second.next('resume');
    second.send(resumed(run, resume, { after: 0, reset: true, head: 1 }), begin(run), chunk(run, 'z', 2), end(run, 3));
    expect((await run).text).toBe('z');
    expect(await read).toBe('z');
    expect(await textOf(run)).toBe('z');
    expect(types).toEqual(['reset', 'start', 'text', 'end']);
  });

  it('is resumed after every loss, and once per connection', async () => {
    const { run, peer, server } = await running();
    peer.drop();
    await (await server.peer(2)).next('resume');
    server.peers[1]?.drop();
    const third = await server.peer(3);
    third.send(resumed(run, await third.next('resume')), chunk(run, 'b', 3));
    await expect.poll(() => run.text).toBe('ab');
    third.drop();
    const fourth = await server.peer(4);
    const resume = await fourth.next('resume');
    expect(resume['after']).toBe(3);
    fourth.send(resumed(run, resume), end(run, 4));
    await run;
    expect(fourth.all('resume')).toHaveLength(1);
  });

  it('waits where the server refuses the resume for the moment', async () => {
    const { run, peer, server } = await running();
    peer.drop();
    const second = await server.peer(2);
    const resume = await second.next('resume');
    second.send(refusal(run, resume, 'rate_limited', { retryable: true, retry_after_ms: 5 }));
    const again = await second.next('resume', 2);
    second.send(resumed(run, again), end(run, 3));
    expect((await run).text).toBe('a');
  });

  it('says that the outcome is unknown where another store does not know it', async () => {
    const { run, peer, server } = await running(randomUUID());
    peer.drop();
    const second = await server.peer(2);
    second.send(refusal(run, await second.next('resume'), 'run_not_found'));
    expect(await failure(run)).toBe('outcome_unknown');
    expect(run.text).toBe('a');
    expect(second.all('streaming_query')).toEqual([]);
  });

  it('goes on where another store knows it', async () => {
    const { run, peer, server } = await running(randomUUID());
    peer.drop();
    const second = await server.peer(2);
    second.send(resumed(run, await second.next('resume')), end(run, 3));
    expect((await run).text).toBe('a');
  });

  it('fails with the word of the server where its log is gone', async () => {
    const { run, peer, server } = await running();
    peer.drop();
    const second = await server.peer(2);
    second.send(refusal(run, await second.next('resume'), 'run_not_found'));
    expect(await failure(run)).toBe('run_not_found');
  });

  it('fails when the client gives up', async () => {
    const { run, peer } = await running();
    peer.end(4403);
    expect(await failure(run)).toBe('forbidden');
    expect(run.state).toBe('failed');
  });
});

describe('a run of which the server said nothing', () => {
  it('is asked for again under the same id', async () => {
    const { server, client } = await start();
    const run = client.stream('x');
    const peer = await server.peer();
    const asked = await peer.next('streaming_query');
    peer.drop();
    const second = await server.peer(2);
    const again = await second.next('streaming_query');
    expect({ ...again, request_id: '' }).toEqual({ ...asked, request_id: '' });
    expect(second.all('resume')).toEqual([]);
    // It had arrived the first time.
    second.send(resumed(run, again, { after: 0 }), begin(run), chunk(run, 'a', 2), end(run, 3));
    expect((await run).text).toBe('a');
  });

  it('is not given up where the repeat is refused for the moment', async () => {
    const { server, client } = await start();
    const run = client.stream('x');
    await (await server.peer()).next('streaming_query');
    server.peers[0]?.drop();
    const second = await server.peer(2);
    const again = await second.next('streaming_query');
    second.send(refusal(run, again, 'rate_limited', { retryable: true, retry_after_ms: 1 }));
    await second.next('streaming_query', 2);
    second.send(begin(run), end(run, 2));
    await run;
  });

  it('is looked for, and never asked for again, in another store', async () => {
    const { server, client } = await start();
    const run = client.stream('x');
    await (await server.peer()).next('streaming_query');
    server.welcome = { epoch: randomUUID() };
    server.peers[0]?.drop();
    const second = await server.peer(2);
    second.send(refusal(run, await second.next('resume'), 'run_not_found'));
    expect(await failure(run)).toBe('outcome_unknown');
    expect(second.all('streaming_query')).toEqual([]);
  });

  it('is asked for again where it was looked for in the other store, and the first store is back', async () => {
    const { server, client } = await start();
    const run = client.stream('x');
    await (await server.peer()).next('streaming_query');
    server.welcomes.push({ epoch: randomUUID() });
    server.peers[0]?.drop();
    await (await server.peer(2)).next('resume');
    server.peers[1]?.drop();
    const third = await server.peer(3);
    await third.next('streaming_query');
    third.send(begin(run), end(run, 2));
    await run;
  });

  it('was never sent: it is sent once, to whatever store there is', async () => {
    const { server, client } = await start();
    server.welcomes.push({ silent: true, epoch: randomUUID() });
    const run = client.stream('x');
    await server.peer();
    server.peers[0]?.drop();
    const second = await server.peer(2);
    await second.next('streaming_query');
    second.send(begin(run), end(run, 2));
    await run;
  });

  it('is rejected by what was too big, and by that alone', async () => {
    const { server, client } = await start();
    const small = client.stream('x');
    const big = client.stream('x'.repeat(1_000));
    const taken = client.stream('x'.repeat(2_000));
    const peer = await server.peer();
    await peer.next('streaming_query', 3);
    peer.send(accept(taken));
    await expect.poll(() => taken.state).toBe('running');
    peer.end(1009);
    expect(await failure(big)).toBe('message_too_big');
    const second = await server.peer(2);
    await second.next('resume');
    expect((await second.next('streaming_query'))['run_id']).toBe(small.id);
    expect(second.all('streaming_query')).toHaveLength(1);
  });

  it('is not sent at all where the server said how big a message may be', async () => {
    const { server, client } = await start();
    server.welcome = { limits: { message_bytes: 1_000 } };
    const run = client.stream('ü'.repeat(500));
    expect(await failure(run)).toBe('message_too_big');
    expect((await server.peer()).received).toEqual([]);
    expect(client.state).toBe('connected');
  });
});

describe('a run that is resumed', () => {
  it('is read from where the caller stands', async () => {
    const { server, client } = await start();
    const id = randomUUID();
    const run = client.resume(id.toUpperCase(), { after: 7 });
    expect(client.resume(id)).toBe(run);
    const peer = await server.peer();
    const resume = await peer.next('resume');
    expect(resume).toMatchObject({ run_id: id, after: 7 });
    peer.send(resumed(run, resume), chunk(run, 'h', 8), end(run, 9));
    expect((await run).text).toBe('h');
  });

  it('fails where nobody knows it, and is asked for again where the connection was lost', async () => {
    const { server, client } = await start();
    const run = client.resume(randomUUID());
    await (await server.peer()).next('resume');
    server.welcome = { epoch: randomUUID() };
    server.peers[0]?.drop();
    const second = await server.peer(2);
    second.send(refusal(run, await second.next('resume'), 'run_not_found'));
    expect(await failure(run)).toBe('run_not_found');
  });

  it('is not in progress until its last message is here', async () => {
    const { server, client } = await start();
    const run = client.resume(randomUUID());
    const peer = await server.peer();
    peer.send(resumed(run, await peer.next('resume'), { state: 'finished', head: 2 }), begin(run));
    await expect.poll(() => run.seq).toBe(1);
    expect(run.state).toBe('running');
    peer.send(end(run, 2));
    await run;
  });

  it('tells where in the queue it stands', async () => {
    const { server, client } = await start();
    const run = client.resume(randomUUID());
    const events: RunEvent[] = [];
    run.subscribe((event) => events.push(event));
    const peer = await server.peer();
    peer.send(resumed(run, await peer.next('resume'), { state: 'queued', position: 2 }));
    await expect.poll(() => run.state).toBe('queued');
    expect(events).toEqual([{ type: 'state', state: 'queued', position: 2 }]);
  });
});

describe('the same id twice', () => {
  it('is the same run for the same question, and a conflict for another', async () => {
    const { client } = await start();
    const runId = randomUUID();
    const run = client.stream('x', { runId });
    expect(client.stream('x', { runId })).toBe(run);
    expect(await failure(client.stream('y', { runId }))).toBe('run_id_conflict');
    expect(run.state).toBe('sending');
  });

  it('is the run that is read already, whoever asked for it', async () => {
    const { client } = await start();
    const run = client.resume(randomUUID());
    expect(client.stream('x', { runId: run.id })).toBe(run);
    expect(run.state).toBe('sending');
  });

  it.each(['stream', 'resume'] as const)('is read by %s after it was detached, sent or not', async (how) => {
    const { server, client } = await start();
    const runId = randomUUID();
    const again = () => (how === 'stream' ? client.stream('x', { runId }) : client.resume(runId));
    client.stream('x', { runId }).detach();
    again().detach();
    const peer = await server.peer();
    const asked = await peer.next('streaming_query');
    const run = again();
    expect(run.state).toBe('sending');
    const accepted = { type: 'accepted', run_id: runId, state: 'running', request_id: asked['request_id'] };
    peer.send(accepted, begin(run), chunk(run, 'a', 2), end(run, 3));
    expect((await run).text).toBe('a');
    expect(peer.received).toHaveLength(1);
  });
});
