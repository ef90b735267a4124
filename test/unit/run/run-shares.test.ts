import { describe, expect, it, vi } from 'vitest';
import type { LlmPart, LlmProvider } from '../../../src/index.js';
import { RunShares } from '../../../src/run/run-shares.js';
import { createEngine, endOf, type Peer } from './harness.js';

const QUERY = { type: 'streaming_query', query: 'q', on_disconnect: 'continue' };

/** A model that writes so much of each answer, and never ends. */
function endless(...sizes: number[]): LlmProvider {
  return {
    vendor: 'v',
    async *stream(_request, { signal }): AsyncGenerator<LlmPart> {
      yield { type: 'text-delta', text: 'x'.repeat(sizes.shift() ?? 1) };
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('stopped'))));
    },
  };
}

const refusals = (peer: Peer): unknown[] => peer.ofType('error').map(({ code, error }) => [code, error]);

describe('the share of an owner', () => {
  it('counts runs that its clients left', async () => {
    const engine = createEngine({ provider: endless(), maxRunsPerOwner: 3 });
    for (let i = 0; i < 5; i++) {
      const peer = engine.connect();
      peer.send(QUERY);
      await vi.waitFor(() => expect(peer.inRuns.length + peer.ofType('error').length).toBeGreaterThan(0));
      if (i > 2) expect(refusals(peer)).toEqual([['too_many_runs', 'You have 3 runs in progress already']]);
      peer.connection.close();
    }
    expect(engine.runs.size).toBe(3);
    const other = engine.connect({ owner: 'other' });
    other.send(QUERY);
    await vi.waitFor(() => expect(other.ofType('stream_start')).toHaveLength(1));
  });

  it('counts runs in line, and is free again when they end', async () => {
    const engine = createEngine({ provider: endless(), maxRunsPerOwner: 2 });
    const peer = engine.connect();
    const inConversation = { ...QUERY, conversation_id: 'c' };
    for (let i = 0; i < 3; i++) peer.send(inConversation);
    await vi.waitFor(() => expect(refusals(peer)).toHaveLength(1));
    peer.send({ type: 'cancel' });
    await vi.waitFor(() => expect(engine.runs.size).toBe(0));
    peer.send(inConversation);
    await vi.waitFor(() => expect(engine.runs.size).toBe(1));
  });

  it('does not hold for clients that share the anonymous owner; that of their address does', async () => {
    const engine = createEngine({ provider: endless(), maxRunsPerOwner: 1, maxRunsPerAddress: 2 });
    const peer = engine.connect({ owner: 'anonymous', remoteAddress: '192.0.2.1' });
    for (let i = 0; i < 3; i++) peer.send(QUERY);
    await vi.waitFor(() =>
      expect(refusals(peer)).toEqual([
        ['too_many_runs', 'The clients of your address have 2 runs in progress already'],
      ]),
    );
    const elsewhere = engine.connect({ owner: 'anonymous', remoteAddress: '192.0.2.2' });
    elsewhere.send(QUERY);
    await vi.waitFor(() => expect(elsewhere.ofType('stream_start')).toHaveLength(1));
  });

  it('of bytes ends its largest run and refuses new ones, and nobody else notices', async () => {
    const provider = endless(20_000, 30_000, 60_000, 20_000);
    const engine = createEngine({ provider, maxLogBytes: 1_000_000, maxLogBytesPerOwner: 100_000 });
    const other = engine.connect({ owner: 'other' });
    other.send(QUERY);
    await vi.waitFor(() => expect(other.ofType('stream_chunk')).not.toEqual([]));
    const [small, large, late] = [engine.connect(), engine.connect(), engine.connect()];
    small.send(QUERY);
    await vi.waitFor(() => expect(small.ofType('stream_chunk')).not.toEqual([]));
    large.send(QUERY);
    await vi.waitFor(() => expect(endOf(large)).toMatchObject({ code: 'output_too_large' }));
    late.send({ ...QUERY, query: 'x'.repeat(70_000) });
    await vi.waitFor(() =>
      expect(refusals(late)).toMatchObject([['too_many_runs', expect.stringContaining('output')]]),
    );
    expect([endOf(small), endOf(other)]).toEqual([undefined, undefined]);
  });
});

describe('RunShares', () => {
  const limits = { maxRuns: 2, maxBytes: 100 };

  it('forgets a share without runs', () => {
    const shares = new RunShares({ owner: limits, address: limits });
    const first = shares.find('a', '2001:db8::1');
    shares.enter(first);
    expect(shares.find('b', '2001:db8::2')[1]).toBe(first[1]);
    shares.leave(first);
    expect(shares.find('a', '2001:db8::1')[0]).not.toBe(first[0]);
  });

  it('counts a run without an address for its owner alone', () => {
    const shares = new RunShares({ owner: limits, address: limits });
    expect(shares.find('a', undefined).map(({ of }) => of)).toEqual(['owner']);
    expect(shares.find('anonymous', undefined)).toEqual([]);
  });
});
