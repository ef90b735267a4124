import { describe, expect, it, vi } from 'vitest';
import type { Connection, LlmProvider } from '../../../src/index.js';
import { RateLimiter } from '../../../src/message/rate-limiter.js';
import { rateLimits, type CheckedRateLimits, type RateLimits } from '../../../src/message/rate-limits.js';
import { OptionError } from '../../../src/runtime/option-error.js';
import { TokenBucket } from '../../../src/runtime/token-bucket.js';
import { createEngine, type Engine } from '../run/harness.js';

const OFF = { messages: false, queries: false, toolCalls: false, tokens: false } as const;
const NO_SCOPE = { perConnection: false, perPrincipal: false, perAddress: false } as const;

const checked = (limits: RateLimits): CheckedRateLimits => rateLimits.read('rateLimits', limits) as CheckedRateLimits;

function limiter(limits: RateLimits) {
  const clock = { now: 0 };
  return { limiter: new RateLimiter(checked({ ...OFF, ...limits }), () => clock.now), clock };
}

function connectionOf(engine: Engine, owner: string, remoteAddress = '192.0.2.99'): Connection {
  return engine.connect({ owner, remoteAddress }).connection;
}

describe('TokenBucket', () => {
  it('says how long to wait, gains with time and holds no more than its burst', () => {
    const bucket = new TokenBucket({ burst: 2, perSecond: 4 }, 0);
    bucket.take(1, 0);
    bucket.take(1, 0);
    expect([bucket.wait(0), bucket.wait(100), bucket.wait(250)]).toEqual([250, 150, 0]);
    expect([bucket.isFull(499), bucket.isFull(500)]).toEqual([false, true]);
    bucket.take(1, 9_000);
    expect(bucket.isFull(9_000)).toBe(false);
  });

  it.each([3, 7, 0.3, 49, 1e12])('gives a whole burst, however many are gained in a second: %d', (perSecond) => {
    const bucket = new TokenBucket({ burst: 100, perSecond }, 123_456.789);
    expect(Array.from({ length: 100 }, () => bucket.takeOne(123_456.789))).toEqual(
      Array.from({ length: 100 }, () => 0),
    );
    if (perSecond < 1e12) expect(bucket.takeOne(123_456.789)).toBe(Math.ceil(1_000 / perSecond));
    const full = 123_456.789 + (100 / perSecond) * 1_000;
    expect(bucket.isFull(full)).toBe(true);
    bucket.take(-50, full);
    expect(Array.from({ length: 100 }, () => bucket.takeOne(full)).every((waitMs) => waitMs === 0)).toBe(true);
  });

  it('makes up for a debt before it gives again', () => {
    const bucket = new TokenBucket({ burst: 10, perSecond: 1 }, 0);
    bucket.take(100, 0);
    expect([bucket.wait(0), bucket.wait(90_000), bucket.wait(91_000)]).toEqual([91_000, 1_000, 0]);
  });
});

describe('RateLimiter', () => {
  it('counts the connections of a principal together after it has forgotten full buckets', () => {
    const engine = createEngine();
    const rates = { ...NO_SCOPE, perPrincipal: { burst: 2, perSecond: 1 } };
    const { limiter: limits, clock } = limiter({ messages: rates });
    const taken = (connection: Connection): boolean => limits.take(connection, 'messages') === undefined;
    const [first, second] = [connectionOf(engine, 'one'), connectionOf(engine, 'one')];
    expect(taken(first)).toBe(true);
    clock.now += 60_000;
    // More than are kept when they are full.
    for (let i = 0; i < 1_001; i++) {
      const other = { id: `${i}`, accounts: { owner: `other ${i}`, address: undefined } };
      expect(taken(other as Connection)).toBe(true);
    }
    expect([second, first, second, first].map(taken)).toEqual([true, true, false, false]);
  });

  it('counts each connection, each principal and each address', () => {
    const engine = createEngine();
    const messages = {
      perConnection: { burst: 2, perSecond: 1 },
      perPrincipal: { burst: 3, perSecond: 1 },
      perAddress: { burst: 5, perSecond: 1 },
    };
    const { limiter: limits, clock } = limiter({ messages });
    const take = (connection: Connection): string =>
      limits.take(connection, 'messages')?.message.split(' used')[0] ?? 'taken';
    const [a, b] = [connectionOf(engine, 'one', '192.0.2.1'), connectionOf(engine, 'one', '192.0.2.1')];
    const [c, d] = [connectionOf(engine, 'two', '192.0.2.1'), connectionOf(engine, 'three', '192.0.2.1')];
    expect([a, a, a].map(take)).toEqual(['taken', 'taken', 'This connection has']);
    expect([b, b].map(take)).toEqual(['taken', 'You have']);
    expect([c, c].map(take)).toEqual(['taken', 'taken']);
    expect(limits.take(d, 'messages')).toMatchObject({
      code: 'rate_limited',
      message: 'The clients of your address have used too many messages in too short a time',
      retryAfterMs: 1_000,
      detail: expect.stringContaining('trustedProxies') as string,
    });
    expect(take(connectionOf(engine, 'three', '192.0.2.2'))).toBe('taken');
    clock.now = 1_000;
    expect(take(d)).toBe('taken');
  });

  it('does not count what it refuses', () => {
    const engine = createEngine();
    const messages = {
      ...NO_SCOPE,
      perConnection: { burst: 1, perSecond: 1 },
      perAddress: { burst: 2, perSecond: 0.001 },
    };
    const { limiter: limits } = limiter({ messages });
    const greedy = connectionOf(engine, 'one', '192.0.2.1');
    for (let i = 0; i < 50; i++) limits.take(greedy, 'messages');
    expect(limits.take(connectionOf(engine, 'two', '192.0.2.1'), 'messages')).toBeUndefined();
  });

  it('takes clients that share the anonymous owner for many, and counts their address', () => {
    const engine = createEngine();
    const rate = { burst: 1, perSecond: 1 };
    const { limiter: limits } = limiter({ queries: { perConnection: false, perPrincipal: rate, perAddress: rate } });
    const [one, other] = [
      connectionOf(engine, 'anonymous', '192.0.2.1'),
      connectionOf(engine, 'anonymous', '192.0.2.2'),
    ];
    expect([one, other, one].map((connection) => limits.take(connection, 'queries')?.code)).toEqual([
      undefined,
      undefined,
      'rate_limited',
    ]);
  });

  it('remembers a principal that comes back, among thousands of others', () => {
    const engine = createEngine();
    const queries = { ...NO_SCOPE, perPrincipal: { burst: 1, perSecond: 0.001 } };
    const { limiter: limits, clock } = limiter({ queries });
    limits.take(connectionOf(engine, 'greedy'), 'queries');
    const { connection } = engine.connect({ owner: 'x' });
    for (let i = 0; i < 5_000; i++) {
      clock.now += 1;
      limits.take(Object.create(connection, { accounts: { value: { owner: `p${i}` } } }) as Connection, 'queries');
    }
    expect(limits.take(connectionOf(engine, 'greedy'), 'queries')?.code).toBe('rate_limited');
  });

  it.each([
    [{ messages: { perSecond: 1 } }, 'rateLimits.messages.perSecond'],
    [{ queries: { perAddress: { burst: 0, perSecond: 1 } } }, 'rateLimits.queries.perAddress.burst'],
    [{ tokens: { perAddress: { burst: 1 } } }, 'rateLimits.tokens.perAddress.perSecond'],
    [{ tokens: { perConnection: { burst: 0, perSecond: 1 } } }, 'rateLimits.tokens.perConnection.burst'],
    [true, 'rateLimits'],
  ])('refuses %j', (limits, option) => {
    expect(() => checked(limits as RateLimits)).toThrow(expect.objectContaining({ constructor: OptionError, option }));
  });
});

describe('A client that asks too often', () => {
  it('is refused with the ids of its message, and closed with 4429 if it goes on', async () => {
    const messages = { perConnection: { burst: 5, perSecond: 0.001 } };
    const engine = createEngine({ rateLimits: { messages } });
    const peer = engine.connect();
    for (let i = 0; i < 300; i++) peer.send({ type: 'ping', request_id: `r${i}` });
    await vi.waitFor(() => expect(peer.closes).toEqual([{ code: 4429, reason: 'Too many messages' }]));
    expect(peer.ofType('pong')).toHaveLength(5);
    const refused = peer.ofType('error');
    expect(refused[0]).toMatchObject({ code: 'rate_limited', retryable: true, request_id: 'r5' });
    expect(refused[0]?.['retry_after_ms']).toBeGreaterThan(0);
    expect(refused).toHaveLength(100);
  });

  it('is counted by the size of its messages', async () => {
    const messages = { perConnection: { burst: 100, perSecond: 0.001 } };
    const engine = createEngine({ rateLimits: { messages } });
    const peer = engine.connect();
    const text = 'x'.repeat(1_000_000);
    for (let i = 0; i < 6; i++) peer.send({ type: 'ping', text, request_id: `r${i}` });
    await vi.waitFor(() => expect(peer.closes).toMatchObject([{ code: 4429 }]));
    expect(peer.ofType('pong')).toHaveLength(2);
    expect(peer.ofType('error')).toMatchObject([
      { code: 'rate_limited', request_id: 'r2' },
      { code: 'rate_limited', request_id: 'r3' },
    ]);
  });

  it('is refused for frames that are no messages, too', async () => {
    const engine = createEngine({ rateLimits: { messages: { perConnection: { burst: 5, perSecond: 0.001 } } } });
    const peer = engine.connect();
    for (let i = 0; i < 300; i++) peer.send('x');
    await vi.waitFor(() => expect(peer.closes).toMatchObject([{ code: 4429 }]));
  });

  it('is refused queries, tool calls and lists each by their own rate', async () => {
    const once = { perConnection: { burst: 1, perSecond: 0.001 } };
    const engine = createEngine({
      rateLimits: { messages: { perConnection: { burst: 14, perSecond: 0.001 } }, queries: once, toolCalls: once },
    });
    const peer = engine.connect();
    peer.send({ type: 'agent_query', query: 'q' });
    peer.send({ type: 'streaming_query', query: 'q', run_id: '11111111-2222-4333-8444-555555555555' });
    await vi.waitFor(() => expect(peer.ofType('error')).toHaveLength(1));
    expect(peer.ofType('error')[0]).toMatchObject({
      code: 'rate_limited',
      run_id: '11111111-2222-4333-8444-555555555555',
    });
    peer.send({ type: 'tool_call', tool_name: 'none' });
    await vi.waitFor(() => expect(peer.ofType('error')).toHaveLength(2));
    expect(peer.ofType('error')[1]).toMatchObject({ code: 'unknown_tool' });
    peer.send({ type: 'list_runs' });
    await vi.waitFor(() => expect(peer.ofType('runs')).toHaveLength(1));
    peer.send({ type: 'ping' });
    peer.send({ type: 'ping' });
    await vi.waitFor(() => expect(peer.ofType('error')).toHaveLength(3));
    expect(peer.ofType('pong')).toHaveLength(1);
  });

  const provider: LlmProvider = {
    vendor: 'v',
    async *stream() {
      yield await Promise.resolve({ type: 'text-delta', text: 'Hello' } as const);
      yield { type: 'usage', inputTokens: 80, outputTokens: 20 };
    },
  };

  it('is refused queries when its runs have used its tokens, on no other connection', async () => {
    const engine = createEngine({ provider, rateLimits: { tokens: { perConnection: { burst: 50, perSecond: 1 } } } });
    const [peer, other] = [engine.connect(), engine.connect()];
    peer.send({ type: 'agent_query', query: 'q' });
    await vi.waitFor(() => expect(peer.ofType('agent_response')).toHaveLength(1));
    peer.send({ type: 'agent_query', query: 'q' });
    await vi.waitFor(() => expect(peer.ofType('error')).toMatchObject([{ code: 'rate_limited' }]));
    other.send({ type: 'agent_query', query: 'q' });
    await vi.waitFor(() => expect(other.ofType('agent_response')).toHaveLength(1));
  });

  it('is refused queries when its runs have used the tokens of its principal, on another connection too', async () => {
    const engine = createEngine({ provider, rateLimits: { tokens: { perPrincipal: { burst: 50, perSecond: 1 } } } });
    const peer = engine.connect();
    peer.send({ type: 'agent_query', query: 'q' });
    await vi.waitFor(() => expect(peer.ofType('agent_response')).toHaveLength(1));
    const again = engine.connect();
    again.send({ type: 'agent_query', query: 'q' });
    await vi.waitFor(() => expect(again.ofType('error')).toMatchObject([{ code: 'rate_limited' }]));
    expect(again.ofType('error')[0]?.['retry_after_ms']).toBeGreaterThan(45_000);
    const other = engine.connect({ owner: 'other' });
    other.send({ type: 'agent_query', query: 'q' });
    await vi.waitFor(() => expect(other.ofType('agent_response')).toHaveLength(1));
  });

  it('has no limit if they are switched off', async () => {
    const peer = createEngine({ rateLimits: false }).connect();
    for (let i = 0; i < 3_000; i++) peer.send({ type: 'ping' });
    await vi.waitFor(() => expect(peer.ofType('pong')).toHaveLength(3_000));
  });
});

describe('Large answers', () => {
  it('of all connections leave room for other messages between them', async () => {
    const engine = createEngine();
    const peers = Array.from({ length: 5 }, () => engine.connect());
    const last = engine.connect();
    for (const peer of peers) for (let i = 0; i < 4; i++) peer.send({ type: 'list_runs' });
    // Asked last of all, and answered within the same turn.
    last.send({ type: 'ping' });
    const answered = (): number => peers.flatMap((peer) => peer.ofType('runs')).length;
    while (last.ofType('pong').length === 0) await new Promise(setImmediate);
    expect(answered()).toBeLessThan(20);
    await vi.waitFor(() => expect(answered()).toBe(20));
  });
});
