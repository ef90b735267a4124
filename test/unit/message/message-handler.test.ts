import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import {
  AgentSocketError,
  defineMessage,
  OptionError,
  type CustomMessageType,
  type LlmProvider,
  type StandardSchema,
} from '../../../src/index.js';
import { MemoryConversationStore } from '../../../src/stores/memory/memory-conversation-store.js';
import { serverMessages } from '../../../src/protocol/index.js';
import { createEngine, type Engine, type Peer, type Wire } from '../run/harness.js';
import { cases } from '../../helpers/schedules.js';
import { ANY_CHARACTER } from '../../helpers/characters.js';

/** Sends one frame and gives what was answered, the `pong` that closes the exchange left out. */
async function exchange(peer: Peer, frame: string): Promise<Wire[]> {
  const since = peer.messages.length;
  peer.send(frame);
  await vi.waitFor(() => expect(peer.messages.length).toBeGreaterThan(since), { interval: 1 });
  return peer.messages.slice(since);
}

function expectValid(message: Wire): void {
  const schema = serverMessages[message.type as keyof typeof serverMessages];
  expect(schema.safeParse(message)).toMatchObject({ success: true });
}

describe('Large answers', () => {
  /** A conversation of ten pages of half a megabyte each. */
  function large(): Engine {
    const conversations = new MemoryConversationStore();
    const messages = Array.from({ length: 10 }, (_, i) => ({
      id: `${i}`,
      role: 'user' as const,
      content: `${i}`.repeat(490_000),
      runId: 'r',
      createdAt: 1,
    }));
    conversations.append({ owner: 'owner', id: 'c' }, messages);
    return createEngine({ conversations, rateLimits: false });
  }
  const ask = (peer: Peer, i: number) => peer.send({ type: 'history', conversation_id: 'c', request_id: `${i}` });

  it('to many requests at once reach a client that reads', async () => {
    const peer = large().connect();
    for (let i = 0; i < 20; i++) ask(peer, i);
    await vi.waitFor(() => expect(peer.ofType('history')).toHaveLength(20));
    expect(peer.ofType('history').map(({ request_id: id }) => id)).toEqual(
      Array.from({ length: 20 }, (_, i) => `${i}`),
    );
    expect(peer.closes).toEqual([]);
  });

  it('wait for a client that does not read, a bounded number of them', async () => {
    const engine = large();
    const peer = engine.connect();
    await vi.waitFor(() => expect(peer.ofType('connected')).toHaveLength(1));
    peer.socket.pause();
    for (let i = 0; i < 140; i++) ask(peer, i);
    await vi.waitFor(() => expect(peer.connection.unanswered).toBe(127));
    // The first page went out; what was refused is short.
    expect(peer.connection.bufferedAmount).toBeLessThan(600_000);
    expect(peer.connection.isOpen).toBe(true);
    peer.connection.terminate();
    await vi.waitFor(() => expect(peer.connection.unanswered).toBe(0));
  });

  it('hold back what a watcher is told, too', async () => {
    const provider: LlmProvider = {
      vendor: 'v',
      async *stream() {
        yield await new Promise<never>(() => undefined);
      },
    };
    const engine = createEngine({ provider, maxContextTokens: 1_000_000 });
    const asker = engine.connect();
    const query = { type: 'agent_query', conversation_id: 'c', query: 'q'.repeat(600_000) };
    for (let i = 0; i < 8; i++) asker.send(query);
    await vi.waitFor(() => expect(engine.runs.size).toBe(8));
    const peer = engine.connect();
    peer.send({ type: 'watch', conversation_id: 'c' });
    await vi.waitFor(() => expect(peer.ofType('run_started')).toHaveLength(8));
    expect(peer.closes).toEqual([]);
    const other = engine.connect();
    other.send({ type: 'watch', conversation_id: 'c' });
    other.send({ type: 'watch', conversation_id: 'c', active: false });
    await vi.waitFor(() => expect(other.ofType('watching')).toHaveLength(2));
    other.send({ type: 'ping' });
    await vi.waitFor(() => expect(other.ofType('pong')).toHaveLength(1));
    expect(other.ofType('run_started').length).toBeLessThan(8);
  });
});

describe('Hostile messages', () => {
  it.each<[string, string, string]>([
    ['an unknown type', '{"type":"nothing"}', 'unknown_type'],
    ['a type of nothing', '{"type":""}', 'unknown_type'],
    ['__proto__ as type', '{"type":"__proto__"}', 'unknown_type'],
    ['constructor as type', '{"type":"constructor"}', 'unknown_type'],
    ['toString as type', '{"type":"toString"}', 'unknown_type'],
    ['a server message', '{"type":"connected"}', 'unknown_type'],
    ['a lone surrogate as type', '{"type":"\\ud800"}', 'unknown_type'],
    ['a type of 100,000 characters', `{"type":"${'x'.repeat(100_000)}"}`, 'unknown_type'],
    ['__proto__ as tool', '{"type":"tool_call","tool_name":"__proto__"}', 'unknown_tool'],
    ['constructor as tool', '{"type":"tool_call","tool_name":"constructor","params":{}}', 'unknown_tool'],
    ['__proto__ as run_id', '{"type":"cancel","run_id":"__proto__"}', 'invalid_message'],
    ['a run_id that is no UUID', '{"type":"agent_query","query":"q","run_id":"1"}', 'invalid_message'],
    ['a huge run_id', `{"type":"cancel","run_id":"${'0'.repeat(10_000)}"}`, 'invalid_message'],
    ['10,000 objects', `{"type":"ping","x":[${'{},'.repeat(10_000)}{}]}`, 'invalid_message'],
    ['a blank query', '{"type":"agent_query","query":"  "}', 'query_required'],
    ['64 KiB of [', '['.repeat(65_536), 'too_deep'],
    ['an array', '[]', 'invalid_json'],
    ['null', 'null', 'invalid_json'],
  ])('get one error: %s', async (_what, frame, code) => {
    const peer = createEngine().connect();
    await vi.waitFor(() => expect(peer.messages).toHaveLength(1));
    const [error, ...more] = await exchange(peer, frame);
    expect(more).toEqual([]);
    expect(error).toMatchObject({ type: 'error', code });
    expect(error?.seq).toBeUndefined();
    expect(JSON.stringify(error).length).toBeLessThan(2_000);
    if (error !== undefined) expectValid(error);
    expect(await exchange(peer, '{"type":"ping"}')).toMatchObject([{ type: 'pong' }]);
    expect(peer.closes).toEqual([]);
  });

  it('get one error for a binary frame, and the connection stays', async () => {
    const peer = createEngine().connect();
    peer.socket.sendBinary(new TextEncoder().encode('{"type":"ping"}'));
    await vi.waitFor(() => expect(peer.ofType('error')).toMatchObject([{ code: 'invalid_json' }]));
    expect(peer.closes).toEqual([]);
  });

  it.each<[string, unknown, boolean]>([
    ['1 character', 'x', true],
    ['128 characters', 'x'.repeat(128), true],
    ['nothing', '', false],
    ['129 characters', 'x'.repeat(129), false],
    ['a number', 1, false],
    ['an object', { toString: 'x' }, false],
  ])('echo a request_id only where it is one: %s', async (_what, requestId, echoed) => {
    const peer = createEngine().connect();
    await vi.waitFor(() => expect(peer.messages).toHaveLength(1));
    const [error] = await exchange(peer, JSON.stringify({ type: 'nothing', request_id: requestId }));
    expect(error?.['request_id']).toEqual(echoed ? requestId : undefined);
  });

  const near = fc.oneof(
    fc.string({ unit: ANY_CHARACTER }),
    fc.json({ maxDepth: 6 }),
    fc
      .dictionary(
        fc.constantFrom('query', 'run_id', 'request_id', 'tool_name', 'params', 'model', 'tools', '__proto__'),
        fc.oneof(fc.jsonValue({ maxDepth: 3 }), fc.constantFrom('q', 't', '6f1e8f5e-3f0c-4c52-9f7e-2a4f3a1b2c3d')),
      )
      .chain((fields) =>
        fc
          .constantFrom('ping', 'agent_query', 'streaming_query', 'tool_call', 'cancel', 'constructor')
          .map((type) => JSON.stringify({ ...fields, type })),
      ),
  );

  it('of any kind get an error or a valid reply, and the connection stays usable', { timeout: 180_000 }, async () => {
    const engine: Engine = createEngine();
    await fc.assert(
      fc.asyncProperty(near, fc.boolean(), async (frame, negotiated) => {
        const peer = engine.connect({ negotiated });
        peer.send(frame);
        peer.send({ type: 'ping', request_id: 'last one' });
        await vi.waitFor(
          () => {
            expect(peer.ofType('pong').some(({ request_id: id }) => id === 'last one')).toBe(true);
            expect(engine.runs.size).toBe(0);
            expect(peer.messages.length).toBeGreaterThan(2);
          },
          { interval: 1 },
        );
        for (const message of peer.messages) expectValid(message);
        expect(peer.ofType('error').length).toBeLessThanOrEqual(1);
        expect(peer.closes).toEqual([]);
        peer.connection.terminate();
      }),
      cases(1_000),
    );
  });
});

describe('Messages of the embedder', () => {
  const anything: StandardSchema<{ type: string; n: number }> = {
    '~standard': {
      version: 1,
      vendor: 'own',
      validate: (value) => {
        const { n } = value as { n: unknown };
        return typeof n === 'number'
          ? { value: { type: 'own', n } }
          : { issues: [{ message: 'A number is required', path: [{ key: 'deep' }, 'n'] }] };
      },
    },
  };

  async function register(message: CustomMessageType): Promise<Peer> {
    const engine = createEngine();
    engine.handler.register(message);
    const peer = engine.connect();
    await vi.waitFor(() => expect(peer.messages).toHaveLength(1));
    return peer;
  }

  it('are handled with what a zod schema made of them', async () => {
    const schema = z.object({ n: z.coerce.number(), word: z.string().default('none') });
    const peer = await register(
      defineMessage({
        type: 'double',
        schema,
        handle: ({ n, word }, connection) => void connection.sendMessage({ type: 'doubled', n: 2 * n, word }),
      }),
    );
    expect(await exchange(peer, '{"type":"double","n":"21"}')).toEqual([{ type: 'doubled', n: 42, word: 'none' }]);
    expect(await exchange(peer, '{"type":"double","n":"x","request_id":"r"}')).toMatchObject([
      { type: 'error', code: 'invalid_message', issues: [{ path: 'n' }], request_id: 'r' },
    ]);
  });

  it('are answered with the id they came with, in the moment and later', async () => {
    const peer = await register(
      defineMessage({
        type: 'twice',
        schema: z.object({ n: z.number() }),
        handle: async ({ n }, _connection, reply) => {
          expect(reply({ type: 'first', n, request_id: 'not this one' })).toBe(true);
          await Promise.resolve();
          reply({ type: 'second', n });
        },
      }),
    );
    peer.send('{"type":"twice","n":1,"request_id":"a"}');
    peer.send('{"type":"twice","n":2}');
    await vi.waitFor(() => expect(peer.ofType('second')).toHaveLength(2));
    expect(peer.ofType('first')).toEqual([
      { type: 'first', n: 1, request_id: 'a' },
      { type: 'first', n: 2 },
    ]);
    expect(peer.ofType('second')).toEqual([
      { type: 'second', n: 1, request_id: 'a' },
      { type: 'second', n: 2 },
    ]);
  });

  it('are handled with any standard schema, and late', async () => {
    const peer = await register(
      defineMessage({
        type: 'own',
        schema: anything,
        handle: async ({ n }, connection) => {
          await Promise.resolve();
          connection.sendMessage({ type: 'owned', n });
        },
      }),
    );
    expect(await exchange(peer, '{"type":"own","n":1}')).toEqual([{ type: 'owned', n: 1 }]);
    expect(await exchange(peer, '{"type":"own"}')).toMatchObject([
      { code: 'invalid_message', issues: [{ path: 'deep.n', message: '`deep.n`: A number is required' }] },
    ]);
  });

  it('wait for their handlers in bounded number, and are taken again when those are done', async () => {
    let open: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (open = resolve));
    let calls = 0;
    const handle = (): Promise<void> => {
      calls++;
      return gate;
    };
    const peer = await register(defineMessage({ type: 'slow', schema: z.object({}), handle }));
    for (let i = 0; i < 130; i++) peer.send(`{"type":"slow","request_id":"${i}"}`);
    await vi.waitFor(() => expect(peer.ofType('error')).toHaveLength(2));
    expect(peer.ofType('error')[0]).toMatchObject({ code: 'rate_limited', retryable: true, request_id: '128' });
    expect(calls).toBe(128);
    open();
    await vi.waitFor(() => expect(peer.connection.unanswered).toBe(0));
    peer.send('{"type":"slow"}');
    await vi.waitFor(() => expect(calls).toBe(129));
  });

  it('are told few of very many issues', async () => {
    const schema = z.object({ list: z.array(z.number()) });
    const peer = await register(defineMessage({ type: 'list', schema, handle: () => undefined }));
    const list = Array.from({ length: 9_000 }, () => 'x');
    const [error] = await exchange(peer, JSON.stringify({ type: 'list', list }));
    expect(error?.['issues']).toHaveLength(16);
  });

  it.each<[string, () => void | Promise<void>, object]>([
    [
      'throws',
      () => {
        throw new Error('secret');
      },
      { code: 'internal_error', request_id: 'r' },
    ],
    ['rejects', () => Promise.reject(new Error('secret')), { code: 'internal_error', request_id: 'r' }],
    [
      'throws its own',
      () => {
        throw new AgentSocketError('rate_limited', 'Later', { retryAfterMs: 5 });
      },
      { code: 'rate_limited', error: 'Later', retry_after_ms: 5, retryable: true, request_id: 'r' },
    ],
  ])('whose handler %s get one error', async (_how, handle, expected) => {
    const peer = await register(defineMessage({ type: 'own', schema: anything, handle }));
    const answers = await exchange(peer, '{"type":"own","n":1,"request_id":"r"}');
    expect(answers).toMatchObject([{ type: 'error', ...expected }]);
    expect(JSON.stringify(answers)).not.toContain('secret');
  });

  it.each(['', 'ping', 'pong', 'stream_chunk'])('cannot take the type %j', (type) => {
    const message = defineMessage({ type, schema: anything, handle: () => undefined });
    expect(() => createEngine().handler.register(message)).toThrow(/type/);
  });

  it.each<[string, unknown]>([
    ['without a schema', { type: 'own', handle: () => undefined }],
    ['whose schema is none', { type: 'own', schema: {}, handle: () => undefined }],
    ['without a handler', { type: 'own', schema: anything }],
    ['that is none', undefined],
  ])('is refused if it was not made by defineMessage: one %s', (_what, message) => {
    expect(() => createEngine().handler.register(message as CustomMessageType)).toThrow(OptionError);
  });

  it('cannot take one type twice, and may be called __proto__', async () => {
    const message = defineMessage({
      type: '__proto__',
      schema: anything,
      handle: (_message, connection) => void connection.sendMessage({ type: 'fine' }),
    });
    const peer = await register(message);
    expect(await exchange(peer, '{"type":"__proto__","n":1}')).toEqual([{ type: 'fine' }]);
    const { handler } = createEngine();
    expect(() => handler.register(message).register(message)).toThrow(/type/);
  });
});
