import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { z } from 'zod';
import { createAgentClient, type AgentClient, type AgentClientOptions, type RunEvent } from '../../src/client/index.js';
import { calculator, defineMessage, defineTool } from '../../src/index.js';
import { createScriptedProvider } from '../../src/testing/index.js';
import { startServer, type TestServer } from '../helpers/server.js';

function connect({ url }: { readonly url: string }, options: Partial<AgentClientOptions> = {}): AgentClient {
  const client = createAgentClient({ url, WebSocket, backoff: { baseMs: 5, capMs: 50 }, ...options });
  onTestFinished(() => client.close());
  return client;
}

function drop({ agent }: Pick<TestServer, 'agent'>): void {
  for (const { id } of agent.connections) agent.connections.disconnect(id, { code: 1011, reason: 'Internal error' });
}

/** Lets the test decide when the next thing happens. */
function gate(): { readonly passed: Promise<void>; open: () => void } {
  let open = (): void => undefined;
  const passed = new Promise<void>((resolve) => (open = resolve));
  return { passed, open };
}

const failure = (promise: PromiseLike<unknown>) =>
  Promise.resolve(promise).then(
    () => 'fine',
    (error: unknown) => (error as { code: string }).code,
  );

describe('the client and the server', () => {
  it('ask, stream and calculate', async () => {
    const server = await startServer({ provider: createScriptedProvider(['Hel', 'lo']), tools: [calculator] });
    const client = connect(server);
    expect(await client.ask('Hi')).toMatchObject({ text: 'Hello', vendor: 'scripted', model: 'script-1' });
    const events: RunEvent[] = [];
    for await (const event of client.stream('Hi')) events.push(event);
    expect(events.filter(({ type }) => type === 'text').map((event) => 'text' in event && event.text)).toEqual([
      'Hel',
      'lo',
    ]);
    expect((await client.callTool('calculator', { expression: '123 + 456' })).result).toBe(579);
    expect(await failure(client.callTool('nothing'))).toBe('unknown_tool');
    expect(await failure(client.stream('  '))).toBe('query_required');
    expect(await client.ping()).toBeGreaterThan(0);
    expect(await client.listRuns()).toHaveLength(3);
  });

  it('lose nothing and repeat nothing over ten broken connections', async () => {
    const gates = Array.from({ length: 10 }, gate);
    const script = gates.flatMap(({ passed }, i) => [`<${i}a>`, `<${i}b>`, passed]);
    const provider = createScriptedProvider([...script, '<end>']);
    const server = await startServer({ provider });
    const client = connect(server);
    const run = client.stream('Go');
    for (const [i, { open }] of gates.entries()) {
      await expect.poll(() => run.text).toContain(`<${i}b>`);
      drop(server);
      open();
    }
    const text = gates.map((_, i) => `<${i}a><${i}b>`).join('') + '<end>';
    expect((await run).text).toBe(text);
    let shown = '';
    for await (const event of run) if (event.type === 'text') shown += event.text;
    expect(shown).toBe(text);
    expect(provider.calls).toHaveLength(1);
  });

  it('stop what costs when the run is cancelled', async () => {
    const provider = createScriptedProvider(['Once', gate().passed]);
    const server = await startServer({ provider });
    const client = connect(server);
    const run = client.stream('Go');
    await expect.poll(() => run.text).toBe('Once');
    await run.cancel();
    expect(provider.calls[0]?.signal.aborted).toBe(true);
    expect([run.state, run.error?.reason]).toEqual(['cancelled', 'requested']);
  });

  it('read a run again after a reload, from its start or from where the reader stood', async () => {
    const { passed, open } = gate();
    const server = await startServer({ provider: createScriptedProvider(['Once ', passed, 'more']) });
    const first = connect(server);
    const run = first.stream('Go', { onDisconnect: 'continue' });
    await expect.poll(() => run.text).toBe('Once ');
    const { id, seq } = run;
    first.close();
    expect(await failure(run)).toBe('client_closed');
    const second = connect(server);
    const again = second.resume(id);
    await expect.poll(() => again.text).toBe('Once ');
    open();
    expect((await again).text).toBe('Once more');
    expect((await connect(server).resume(id, { after: seq })).text).toBe('more');
    expect(await failure(second.resume('5f0c0a52-6c0f-4d0e-8a54-0d3a3b1f2c11'))).toBe('run_not_found');
  });

  it('share a conversation between two tabs', async () => {
    const { passed, open } = gate();
    const server = await startServer({
      provider: createScriptedProvider(['Once ', passed, 'more']),
      authenticate: () => ({ id: 'ann' }),
    });
    const [here, there] = [connect(server), connect(server)];
    const seen: { query: string; text: Promise<string> }[] = [];
    there.conversation('c').watch(({ run, query }) => {
      seen.push({ query, text: Promise.resolve(run).then(({ text }) => text) });
    });
    await there.connect();
    await there.ping();
    const run = here.conversation('c').stream('Go');
    await expect.poll(() => seen.length).toBe(1);
    drop(server);
    open();
    expect((await run).text).toBe('Once more');
    expect(seen[0]?.query).toBe('Go');
    expect(await seen[0]?.text).toBe('Once more');
    const { messages, hasMore } = await there.conversation('c').history();
    expect(messages.map(({ role, content, runId }) => [role, content, runId])).toEqual([
      ['user', 'Go', run.id],
      ['assistant', 'Once more', run.id],
    ]);
    expect(hasMore).toBe(false);
    expect(Math.abs((messages[0]?.createdAt ?? 0) - Date.now())).toBeLessThan(60_000);
    await here.conversation('c').ask('Again', { replaceFrom: messages[0]?.id });
    expect((await here.conversation('c').history()).messages[0]?.content).toBe('Again');
    expect(await here.conversation('c').update({ title: 'T', metadata: { a: 1 } })).toEqual({
      title: 'T',
      metadata: { a: 1 },
    });
    expect((await there.listConversations()).conversations).toMatchObject([{ conversationId: 'c', title: 'T' }]);
    expect(await there.conversation('c').delete()).toBe(true);
    expect(await there.conversation('c').delete()).toBe(false);
  });

  it('ask a person before a tool runs, over a broken connection', async () => {
    const paid: unknown[] = [];
    const pay = defineTool({
      name: 'pay',
      description: 'Pays',
      params: z.object({ amount: z.number() }),
      needsApproval: true,
      execute: (params) => {
        paid.push(params);
        return 'paid';
      },
    });
    const call = { type: 'tool-call', id: 'c1', name: 'pay', arguments: '{"amount":5}' } as const;
    const server = await startServer({ provider: createScriptedProvider([call], ['Done']), tools: [pay] });
    const client = connect(server);
    const run = client.stream('Pay');
    await expect.poll(() => run.approvals.length).toBe(1);
    drop(server);
    await expect.poll(() => client.state).toBe('connected');
    expect(await run.approve('c1', true)).toMatchObject({ approved: true, by: 'principal' });
    expect(await run.approve('c1', false)).toMatchObject({ approved: true, by: 'principal' });
    expect(await run).toMatchObject({ text: 'Done', toolCalls: [{ toolName: 'pay', result: 'paid' }] });
    expect(paid).toEqual([{ amount: 5 }]);
  });

  it.each(['protocol', 'query'] as const)('know each other by a token in the %s, and by a new one', async (tokenIn) => {
    let valid = 't1';
    const server = await startServer({
      authenticate: ({ url = '', headers }) => {
        const offered = (headers['sec-websocket-protocol'] ?? '').split(/,\s*/);
        const token = new URL(url, 'http://localhost').searchParams.get('token') ?? offered.at(-1);
        return token === valid ? { id: 'ann' } : null;
      },
    });
    let asked = 0;
    const client = connect(server, { token: () => `t${++asked}`, tokenIn });
    await client.connect();
    valid = 't3';
    drop(server);
    expect((await client.ask('Hi')).text).toBe('Hello');
    expect(asked).toBe(3);
    valid = 'none';
    drop(server);
    await expect.poll(() => client.state).toBe('closed');
    expect(asked).toBe(5);
    expect(await failure(client.connect())).toBe('unauthorized');
  });

  it('are not parted by a message the server would not take', async () => {
    const server = await startServer({ maxMessageBytes: 2_000 });
    const client = connect(server);
    expect(await failure(client.ask('x'.repeat(2_000)))).toBe('message_too_big');
    expect((await client.ask('x')).text).toBe('Hello');
    expect(server.agent.connections.size).toBe(1);
  });

  it('talk in message types of their own', async () => {
    const server = await startServer();
    server.agent.messages.register(
      defineMessage({
        type: 'rename',
        schema: z.object({ name: z.string().max(5) }),
        handle: ({ name }, _connection, reply) => {
          reply({ type: 'renamed', name });
          server.agent.connections.broadcast({ type: 'somebody_renamed', name });
        },
      }),
    );
    const [client, other] = [connect(server), connect(server)];
    const heard: unknown[] = [];
    other.on('message', ({ type, name }: { readonly type: string; readonly name?: unknown }) => {
      if (type === 'somebody_renamed') heard.push(name);
    });
    await other.connect();
    expect(await client.request({ type: 'rename', name: 'Ann' })).toMatchObject({ type: 'renamed', name: 'Ann' });
    await client.send({ type: 'rename', name: 'Bob' });
    await expect.poll(() => heard).toEqual(['Ann', 'Bob']);
    expect(await failure(client.request({ type: 'rename', name: 'Maximilian' }))).toBe('invalid_message');
    expect(await failure(client.request({ type: 'unheard_of' }))).toBe('unknown_type');
  });

  it('finish what runs while the server drains, and part for as long as it said', async () => {
    const { passed, open } = gate();
    const server = await startServer({ provider: createScriptedProvider(['Once ', passed, 'more']) });
    const client = connect(server);
    const run = client.stream('Go');
    await expect.poll(() => run.text).toBe('Once ');
    const waits: number[] = [];
    client.on('reconnecting', ({ delayMs }) => waits.push(delayMs));
    const away = new Promise<number>((resolve) =>
      client.on('message', (message) => {
        if (message.type === 'going_away') resolve(message['reconnect_after_ms'] as number);
      }),
    );
    const closed = server.agent.close({ drainMs: 5_000, closeCode: 'draining' });
    const afterMs = await away;
    const late = client.stream('Later');
    open();
    expect((await run).text).toBe('Once more');
    await closed;
    await expect.poll(() => waits.length).toBe(1);
    expect(waits[0]).toBeGreaterThan(afterMs - 5_000);
    expect(late.state).toBe('sending');
  });
});
