import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import {
  AgentExecutor,
  ConnectionManager,
  createMemoryStore,
  defineMessage,
  defineTool,
  MessageHandler,
  RunManager,
  ToolRegistry,
  type LlmProvider,
  type Principal,
} from '../../src/index.js';
import { createScriptedProvider, linkSockets, type LinkedSocket } from '../../src/testing/index.js';

interface User extends Principal {
  readonly name: string;
}

/**
 * The service by hand, without a server: this is all that `createAgentSocketServer` does besides the network.
 * Any socket that fits the `Socket` port can be connected.
 */
function compose(provider: LlmProvider) {
  const tools = new ToolRegistry([
    defineTool({
      name: 'add',
      description: 'Adds two numbers.',
      params: z.object({ a: z.number(), b: z.number() }),
      execute: ({ a, b }) => a + b,
    }),
  ]);
  const { runs: store, ledger, conversations } = createMemoryStore();
  const executor = new AgentExecutor({ provider, tools, ledger, conversations });
  const runs = new RunManager({ detachGraceMs: 0, executor, store });
  const connections = new ConnectionManager<User, { room: string }>({ epoch: store.epoch });
  const messages = new MessageHandler({ runs, conversations });
  connections.on('message', (connection, data) => messages.handleMessage(connection, data));
  return { connections, messages, runs, tools };
}

type Received = Record<string, unknown> & { type: string };

/** A client over the other end of a linked socket. */
function join({ connections }: ReturnType<typeof compose>, negotiated = true) {
  const [socket, far] = linkSockets();
  const received: Received[] = [];
  far.open({
    onMessage: (data) => void received.push(JSON.parse(String(data)) as Received),
    onDrain: () => undefined,
    onClose: () => undefined,
  });
  const principal = { id: 'u1', name: 'Anna' };
  const connection = connections.connect(socket, { principal, metadata: { room: 'kitchen' }, negotiated });
  if (connection === undefined) throw new Error('No place was free');
  const until = (type: string) =>
    vi.waitFor(() => {
      const found = received.find((message) => message.type === type);
      if (found === undefined) throw new Error(`No ${type} yet`);
      return found;
    });
  return { connection, far, received, until, send: (message: object) => send(far, message) };
}

function send(socket: LinkedSocket, message: object): void {
  socket.send(JSON.stringify(message));
}

describe('the parts by hand', () => {
  it('stream an answer', async () => {
    const service = compose(createScriptedProvider(['Hel', 'lo']));
    const client = join(service);
    client.send({ type: 'streaming_query', query: 'Hi', request_id: 'r1' });
    await client.until('stream_end');
    expect(client.received.map(({ type }) => type).filter((type) => type !== 'stream_chunk')).toEqual([
      'connected',
      'accepted',
      'stream_start',
      'stream_end',
    ]);
    const text = client.received.filter(({ type }) => type === 'stream_chunk').map((chunk) => chunk['content']);
    expect(text.join('')).toBe('Hello');
    expect(await client.until('accepted')).toMatchObject({ request_id: 'r1', state: 'accepted' });
  });

  it('speak the documented core where nothing was negotiated', async () => {
    const service = compose(createScriptedProvider(['Hello']));
    const client = join(service, false);
    client.send({ type: 'agent_query', query: 'Hi' });
    expect(await client.until('agent_response')).toMatchObject({ content: 'Hello', vendor: 'scripted' });
    expect(client.received.map(({ type }) => type)).toEqual(['connected', 'status', 'agent_response']);
  });

  it('call tools, also one that is added later', async () => {
    const service = compose(createScriptedProvider([]));
    const client = join(service);
    client.send({ type: 'tool_call', tool_name: 'add', params: { a: 1, b: 2 } });
    expect(await client.until('tool_result')).toMatchObject({ tool_name: 'add', result: 3 });
    const whoami = defineTool({
      name: 'whoami',
      description: 'Says who asks.',
      params: z.object({}),
      execute: (_params, { principal }) => principal.id,
    });
    service.tools.register(whoami);
    client.received.length = 0;
    client.send({ type: 'tool_call', tool_name: 'whoami' });
    expect(await client.until('tool_result')).toMatchObject({ result: 'u1' });
  });

  it('cancel, and abort the provider', async () => {
    const provider = createScriptedProvider(['Hel', new Promise(() => undefined)]);
    const service = compose(provider);
    const client = join(service);
    client.send({ type: 'streaming_query', query: 'Hi' });
    await client.until('stream_chunk');
    client.send({ type: 'cancel' });
    expect(await client.until('cancelled')).toMatchObject({ reason: 'requested' });
    expect(provider.calls[0]?.signal.aborted).toBe(true);
    await vi.waitFor(() => expect(service.runs.size).toBe(0));
  });

  it('cancel what nobody reads any more', async () => {
    const provider = createScriptedProvider(['Hel', new Promise(() => undefined)]);
    const service = compose(provider);
    const client = join(service);
    client.send({ type: 'streaming_query', query: 'Hi' });
    await client.until('stream_chunk');
    client.far.close(1000, '');
    await vi.waitFor(() => expect(service.runs.size).toBe(0));
    expect(provider.calls[0]?.signal.aborted).toBe(true);
  });

  it('take message types of the embedder, typed by their schema', async () => {
    const service = compose(createScriptedProvider([]));
    service.messages.register(
      defineMessage({
        type: 'say',
        schema: z.object({ type: z.literal('say'), text: z.string() }),
        handle: ({ text }, connection) => {
          service.connections.broadcast(
            { type: 'said', text, by: connection.id },
            ({ metadata }) => metadata.room === 'kitchen',
          );
        },
      }),
    );
    const [one, two] = [join(service), join(service)];
    one.send({ type: 'say', text: 'hello' });
    expect(await two.until('said')).toEqual({ type: 'said', text: 'hello', by: one.connection.id });
    one.send({ type: 'say', text: 5 });
    expect(await one.until('error')).toMatchObject({ code: 'invalid_message' });
  });

  it('tell what happens', async () => {
    const service = compose(createScriptedProvider(['Hello']));
    const events: string[] = [];
    service.connections.on('connect', () => events.push('connect'));
    service.connections.on('disconnect', (_connection, { code }) => events.push(`disconnect ${code}`));
    service.messages.on('message', (_connection, type) => events.push(type));
    service.messages.on('refused', (_connection, { code }) => events.push(`refused ${code}`));
    service.runs.on('start', ({ kind }) => events.push(`start ${kind}`));
    service.runs.on('end', ({ state }) => events.push(`end ${state}`));
    const client = join(service);
    client.send({ type: 'ping' });
    client.send({ type: 'nonsense' });
    client.send({ type: 'agent_query', query: 'Hi' });
    await client.until('agent_response');
    client.far.close(1000, '');
    await vi.waitFor(() => expect(service.connections.size).toBe(0));
    expect(events).toEqual([
      'connect',
      'ping',
      'refused unknown_type',
      'agent_query',
      'start agent_query',
      'end finished',
      'disconnect 1000',
    ]);
  });

  it('stop: runs drain, connections close', async () => {
    const service = compose(createScriptedProvider(['Hel', new Promise(() => undefined)]));
    const client = join(service);
    client.send({ type: 'streaming_query', query: 'Hi' });
    await client.until('stream_chunk');
    await service.runs.drain(0);
    expect(await client.until('error')).toMatchObject({ code: 'run_interrupted' });
    for (const { id } of service.connections) service.connections.disconnect(id);
    await vi.waitFor(() => expect(service.connections.size).toBe(0));
  });
});
