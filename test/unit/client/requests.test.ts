import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { ClientRun } from '../../../src/client/index.js';
import type { ScriptedPeer } from '../../helpers/scripted-server.js';
import { start } from './client.js';

/** Answers the n-th message of this type. */
async function answer(peer: ScriptedPeer, type: string, reply: Record<string, unknown>, n = 1) {
  const { request_id, ...asked } = await peer.next(type, n);
  peer.send({ request_id, ...reply });
  return asked;
}

const codeOf = (promise: PromiseLike<unknown>) =>
  Promise.resolve(promise).then(
    () => 'fine',
    (error: unknown) => (error as { code: string }).code,
  );

describe('a request', () => {
  it('measures the way to the server and back', async () => {
    const { server, client } = await start();
    const ping = client.ping();
    await answer(await server.peer(), 'ping', { type: 'pong' });
    const ms = await ping;
    expect(ms).toBeGreaterThan(0);
    expect(ms).toBeLessThan(20_000);
  });

  it('lists the runs', async () => {
    const { server, client } = await start();
    const runs = client.listRuns();
    const run = { run_id: randomUUID(), kind: 'tool_call', state: 'running', conversation_id: 'c', head: 3 };
    await answer(await server.peer(), 'list_runs', { type: 'runs', runs: [run] });
    expect(await runs).toEqual([
      { runId: run.run_id, kind: 'tool_call', state: 'running', conversationId: 'c', head: 3 },
    ]);
  });

  it('lists the conversations', async () => {
    const { server, client } = await start();
    const page = client.listConversations({ limit: 1, before: 'b' });
    const reply = {
      type: 'conversations',
      conversations: [{ conversation_id: 'c', title: 'T', messages: 2, created_at: 1.5, updated_at: 2 }],
      has_more: true,
    };
    expect(await answer(await server.peer(), 'list_conversations', reply)).toEqual({
      type: 'list_conversations',
      limit: 1,
      before: 'b',
    });
    expect(await page).toEqual({
      conversations: [{ conversationId: 'c', title: 'T', messages: 2, createdAt: 1_500, updatedAt: 2_000 }],
      hasMore: true,
    });
  });

  it('rejects with what the server says', async () => {
    const { server, client } = await start();
    const page = client.listConversations();
    const error = { type: 'error', error: 'No', code: 'forbidden', retryable: false };
    await answer(await server.peer(), 'list_conversations', error);
    await expect(page).rejects.toMatchObject({ code: 'forbidden', message: 'No', retryable: false });
  });

  it('that only reads is sent again after a loss, any other is not', async () => {
    const { server, client } = await start();
    const conversation = client.conversation('c');
    const requests = [conversation.history(), conversation.update({ title: 'T' }), conversation.delete()];
    const [history, update, remove] = requests.map(codeOf);
    const peer = await server.peer();
    await peer.next('delete_conversation');
    peer.drop();
    expect([await update, await remove]).toEqual(['connection_lost', 'connection_lost']);
    const second = await server.peer(2);
    await answer(second, 'history', { type: 'history', conversation_id: 'c', messages: [], has_more: false });
    expect(await history).toBe('fine');
    expect(second.received).toHaveLength(1);
  });

  it('that was not sent survives a loss, whatever it does', async () => {
    const { server, client } = await start();
    server.welcomes.push({ close: 1013 }, { close: 1012 });
    const removed = client.conversation('c').delete();
    const peer = await server.peer(3);
    await answer(peer, 'delete_conversation', { type: 'conversation_deleted', conversation_id: 'c', existed: true });
    expect(await removed).toBe(true);
  });

  it('stops waiting when its signal says so, sent or not', async () => {
    const { server, client } = await start();
    const controller = new AbortController();
    const { signal } = controller;
    const early = client.ping({ signal: AbortSignal.timeout(0) });
    await expect(early).rejects.toMatchObject({ name: 'TimeoutError' });
    const late = client.ping({ signal });
    const peer = await server.peer();
    const ping = await peer.next('ping');
    controller.abort(new Error('enough'));
    await expect(late).rejects.toThrow('enough');
    peer.send({ type: 'pong', request_id: ping['request_id'] });
    expect(peer.all('ping').length).toBeLessThanOrEqual(2);
  });
});

describe('the outbox', () => {
  it('holds so much and no more, in order', async () => {
    const { server, client } = await start({ maxQueued: 3 });
    const runs = ['a', 'b'].map((query) => client.stream(query));
    const ping = client.ping();
    expect(await codeOf(client.stream('c'))).toBe('outbox_full');
    expect(await codeOf(client.ping())).toBe('outbox_full');
    // What leaves makes room.
    await runs[0]?.cancel();
    client.stream('d');
    const peer = await server.peer();
    await peer.next('streaming_query', 2);
    expect(peer.received.map(({ type, query }) => query ?? type)).toEqual(['b', 'ping', 'd']);
    await answer(peer, 'ping', { type: 'pong' });
    await ping;
  });
});

describe('an approval', () => {
  const asked = { tool_call_id: 't', tool_name: 'rm', params: { path: '/' }, expires_in_ms: 5_000 };

  it('is asked for, given and told', async () => {
    const { server, client } = await start();
    const run = client.stream('x');
    const peer = await server.peer();
    await peer.next('streaming_query');
    peer.send(
      { type: 'stream_start', run_id: run.id, seq: 1 },
      { type: 'approval_request', ...asked, run_id: run.id, seq: 2 },
    );
    await expect.poll(() => run.state).toBe('waiting_approval');
    expect(run.approvals).toEqual([{ toolCallId: 't', toolName: 'rm', params: { path: '/' }, expiresInMs: 5_000 }]);
    const decided = run.approve('t', false, 'too dangerous');
    const decision = { type: 'approval_resolved', tool_call_id: 't', approved: false, by: 'principal', run_id: run.id };
    expect(await answer(peer, 'approval', decision)).toEqual({
      type: 'approval',
      run_id: run.id,
      tool_call_id: 't',
      approved: false,
      reason: 'too dangerous',
    });
    expect(await decided).toEqual({ approved: false, by: 'principal' });
    // The reply is no message of the run.
    expect(run.approvals).toHaveLength(1);
    peer.send({ ...decision, seq: 3 });
    await expect.poll(() => run.state).toBe('running');
    expect(run.approvals).toEqual([]);
  });

  it('that was lost on its way is given again: the first one counts', async () => {
    const { server, client } = await start();
    const run = client.stream('x');
    const peer = await server.peer();
    await peer.next('streaming_query');
    peer.send({ type: 'approval_request', ...asked, run_id: run.id, seq: 1 });
    await expect.poll(() => run.approvals.length).toBe(1);
    const decided = run.approve('t', true);
    await peer.next('approval');
    peer.drop();
    const second = await server.peer(2);
    const decision = { type: 'approval_resolved', tool_call_id: 't', approved: false, by: 'expiry', run_id: run.id };
    await answer(second, 'approval', decision);
    expect(await decided).toEqual({ approved: false, by: 'expiry' });
  });

  it.each(['resume', 'watch'])(
    'is not asked for again by a replay that tells of one already given: %s',
    async (how) => {
      const { server, client } = await start();
      const runId = randomUUID();
      let run: ClientRun | undefined;
      client.conversation('c').watch((started) => follow(started.run));
      const told: unknown[] = [];
      const follow = (read: ClientRun): void => {
        run = read;
        read.subscribe((event) => {
          if (event.type === 'approval-request') told.push([event.toolCallId, event.isPending, event.expiresInMs]);
        });
      };
      if (how === 'resume') follow(client.resume(runId));
      const peer = await server.peer();
      await peer.next('watch');
      peer.send(
        {
          ...(how === 'resume'
            ? { type: 'resumed', after: 0, request_id: (await peer.next('resume'))['request_id'] }
            : { type: 'run_started', conversation_id: 'c', kind: 'streaming_query', query: 'Hi' }),
          run_id: runId,
          head: 3,
          state: 'waiting_approval',
          pending_approvals: [{ ...asked, tool_call_id: 'second', expires_in_ms: 100 }],
        },
        { type: 'approval_request', ...asked, run_id: runId, seq: 1 },
        { type: 'approval_resolved', tool_call_id: 't', approved: true, by: 'principal', run_id: runId, seq: 2 },
        { type: 'approval_request', ...asked, tool_call_id: 'second', run_id: runId, seq: 3 },
        { type: 'approval_request', ...asked, tool_call_id: 'third', run_id: runId, seq: 4 },
      );
      await expect.poll(() => run?.seq).toBe(4);
      expect(told).toEqual([
        ['t', false, 0],
        ['second', true, 100],
        ['third', true, 5_000],
      ]);
      expect(run?.approvals.map(({ toolCallId }) => toolCallId)).toEqual(['second', 'third']);
      expect(run?.state).toBe('waiting_approval');
    },
  );

  it('nobody waits for is refused, and that is quiet where nobody asks', async () => {
    const { server, client } = await start();
    const run = client.stream('x');
    const decided = run.approve('t', true);
    const error = { type: 'error', error: 'No', code: 'approval_not_found', retryable: false, run_id: run.id };
    await answer(await server.peer(), 'approval', error);
    expect(await codeOf(decided)).toBe('approval_not_found');
    expect(run.state).toBe('sending');
  });
});

describe('an event', () => {
  it('tells of connections, messages and what could not be named', async () => {
    const { server, client } = await start();
    const log: unknown[] = [];
    client.on('connected', ({ epoch, principalId, isReconnect }) => log.push([epoch, principalId, isReconnect]));
    client.on('error', ({ code }) => log.push(code));
    client.on('message', ({ type }) => log.push(type));
    const off = client.on('disconnected', ({ code, reason }) => log.push([code, reason]));
    await client.connect();
    const peer = await server.peer();
    peer.send({ type: 'mine' }, { type: 'error', error: 'No', code: 'invalid_json', retryable: false });
    peer.end(1012, 'Restarting');
    await expect.poll(() => server.peers.length).toBe(2);
    await expect.poll(() => log.length).toBe(8);
    off();
    server.peers[1]?.drop();
    await server.peer(3);
    const hello = (isReconnect: boolean) => [server.epoch, 'anonymous', isReconnect];
    expect(log.slice(0, 7)).toEqual([
      hello(false),
      'connected',
      'mine',
      'invalid_json',
      'error',
      [1012, 'Restarting'],
      hello(true),
    ]);
    expect(log.filter((entry) => Array.isArray(entry) && entry[0] === 1006)).toEqual([]);
  });
});

describe('a message of a type of one’s own', () => {
  it('goes out as it is, once there is a connection, and once', async () => {
    const { server, client } = await start();
    interface Mood {
      readonly type: 'mood';
      readonly emoji: string;
    }
    const mood: Mood = { type: 'mood', emoji: '🙂' };
    const sent = client.send(mood);
    const peer = await server.peer();
    expect(await peer.next('mood')).toEqual(mood);
    await sent;
    await client.send({ type: 'mood', emoji: '🙁' });
    await peer.next('mood', 2);
    peer.drop();
    const second = await server.peer(2);
    client.ping().catch(() => undefined);
    await second.next('ping');
    expect(second.all('mood')).toEqual([]);
  });

  it('is heard as it came', async () => {
    const { server, client } = await start();
    const heard: unknown[] = [];
    client.on('message', (message) => heard.push(message));
    await client.connect();
    (await server.peer()).send({ type: 'mood', of: { ann: '🙂' } });
    await expect.poll(() => heard.at(-1)).toEqual({ type: 'mood', of: { ann: '🙂' }, timestamp: 1 });
  });

  it('is answered by the message that repeats its id, whatever type that has', async () => {
    const { server, client } = await start();
    const [first, second] = [
      client.request({ type: 'rename', name: 'a' }),
      client.request({ type: 'rename', name: 'b' }),
    ];
    const peer = await server.peer();
    const [one, two] = [await peer.next('rename'), await peer.next('rename', 2)];
    expect([one['name'], two['name']]).toEqual(['a', 'b']);
    peer.send({ type: 'renamed', name: 'nobody' }, { type: 'renamed', name: 'B', request_id: two['request_id'] });
    peer.send({ type: 'renamed', name: 'A', request_id: one['request_id'] });
    expect([(await first)['name'], (await second)['name']]).toEqual(['A', 'B']);
  });

  it('is refused as the server refuses it: to who asked, or to all where nobody did', async () => {
    const { server, client } = await start();
    const errors: string[] = [];
    client.on('error', ({ code }) => errors.push(code));
    const asked = client.request({ type: 'rename' });
    await client.send({ type: 'typing' });
    const peer = await server.peer();
    const refusal = { type: 'error', code: 'invalid_message', error: 'Wrong', retryable: false };
    peer.send({ ...refusal, request_id: (await peer.next('rename'))['request_id'] });
    expect(await codeOf(asked)).toBe('invalid_message');
    expect(errors).toEqual([]);
    peer.send(refusal);
    await expect.poll(() => errors).toEqual(['invalid_message']);
  });

  it.each([
    [false, 'connection_lost'],
    [true, 'fine'],
  ])('that may be repeated (%s) and lost its connection: %s', async (isRepeatable, outcome) => {
    const { server, client } = await start();
    const asked = codeOf(client.request({ type: 'rename' }, { isRepeatable }));
    const peer = await server.peer();
    const { request_id } = await peer.next('rename');
    peer.drop();
    const second = await server.peer(2);
    client.ping().catch(() => undefined);
    await second.next('ping');
    expect(second.all('rename')).toHaveLength(isRepeatable ? 1 : 0);
    second.send({ type: 'renamed', request_id });
    expect(await asked).toBe(outcome);
  });

  it('is not sent where it cannot be', async () => {
    const { server, client } = await start({ maxQueued: 2 });
    const controller = new AbortController();
    const waiting = [client.send({ type: 'a' }), client.send({ type: 'b' }, { signal: controller.signal })];
    expect(await codeOf(client.send({ type: 'c' }))).toBe('outbox_full');
    controller.abort(Object.assign(new Error('Enough'), { code: 'enough' }));
    expect(await codeOf(waiting[1] ?? Promise.resolve())).toBe('enough');
    expect(await codeOf(client.send({ type: 'd', size: 10n }))).toBe('invalid_params');
    const unreadable = {
      get amount(): number {
        throw new Error('Not now');
      },
    };
    expect(await codeOf(client.send({ type: 'd', unreadable }))).toBe('invalid_params');
    expect(await codeOf(client.callTool('pay', unreadable))).toBe('invalid_params');
    await client.connect();
    expect(await codeOf(client.send({ type: 'e', text: 'x'.repeat(2_000_000) }))).toBe('message_too_big');
    const peer = await server.peer();
    client.ping().catch(() => undefined);
    await peer.next('ping');
    expect(peer.received.map(({ type }) => type)).toEqual(['a', 'ping']);
    client.close();
    expect(await codeOf(client.send({ type: 'f' }))).toBe('client_closed');
    expect(await codeOf(client.request({ type: 'g' }))).toBe('client_closed');
  });

  it('ends with the client where it still waits', async () => {
    const { client } = await start();
    const waiting = [codeOf(client.send({ type: 'a' })), codeOf(client.request({ type: 'b' }))];
    client.close();
    expect(await Promise.all(waiting)).toEqual(['client_closed', 'client_closed']);
  });
});

it('sends what it was asked to send, whatever the caller changes before or after it was sent', async () => {
  const { server, client } = await start();
  const own = { type: 'order', items: [1] };
  const params = { amount: 1 };
  const request = client.request(own, { isRepeatable: true });
  client.callTool('pay', params);
  const change = (): void => {
    own.items.push(2);
    params.amount++;
  };
  change();
  for (const n of [1, 2]) {
    const peer = await server.peer(n);
    expect(await peer.next('order')).toEqual({ type: 'order', items: [1], request_id: expect.any(String) as string });
    expect(await peer.next('tool_call')).toMatchObject({ params: { amount: 1 } });
    change();
    peer.drop();
  }
  await answer(await server.peer(3), 'order', { type: 'ordered' });
  await request;
});
