import { describe, expect, it, vi } from 'vitest';
import { type LlmPart, type LlmProvider, type RunExecutor } from '../../src/index.js';
import { MemoryRunStore } from '../../src/stores/memory/memory-run-store.js';
import { createScriptedProvider } from '../../src/testing/index.js';
import { createEngine, endOf, type Peer, type Wire } from '../unit/run/harness.js';

const query = { type: 'streaming_query', query: 'q' };

async function ended(peer: Peer): Promise<Wire> {
  return vi.waitFor(() => {
    const end = endOf(peer);
    if (end === undefined) throw new Error('The run is not over yet');
    return end;
  });
}

const textOf = (peer: Peer): string =>
  peer
    .ofType('stream_chunk')
    .map(({ content }) => String(content))
    .join('');

describe('Chunks', () => {
  it('hold at most 64 KiB of UTF-8 and never half a character', async () => {
    const text = `x${'🙂漢'.repeat(60_000)}`;
    const peer = createEngine({ provider: createScriptedProvider([text]) }).connect();
    peer.send(query);
    await ended(peer);
    const chunks = peer.ofType('stream_chunk').map(({ content }) => String(content));
    expect(chunks.length).toBeGreaterThan(5);
    for (const chunk of chunks) {
      expect(Buffer.byteLength(chunk)).toBeLessThanOrEqual(65_536);
      // Half a character does not survive UTF-8.
      expect(Buffer.from(chunk).toString() === chunk).toBe(true);
    }
    expect(textOf(peer) === text).toBe(true);
  });

  it('stay in order beside tool calls and another kind of text, and each leaves when it is written', async () => {
    const expected: string[] = [];
    const executor: RunExecutor = {
      check: () => undefined,
      execute: async (run) => {
        for (let block = 0; block < 12; block++) {
          for (const type of ['stream_chunk', 'stream_reasoning'] as const) {
            let text = '';
            for (let i = 0; i < 200; i++) {
              run.text(type, `${block}.${i} `);
              text += `${block}.${i} `;
            }
            expected.push(`${type}:${text}`);
          }
          run.message({ type: 'stream_tool_call', tool_call_id: `${block}`, tool_name: 't', params: {} });
          expected.push('stream_tool_call:');
          await new Promise((resolve) => setImmediate(resolve));
        }
        return { type: 'stream_end' };
      },
    };
    const peer = createEngine({ executor }).connect();
    peer.send(query);
    await ended(peer);
    const got: string[] = [];
    let kind = '';
    for (const { type, content = '' } of peer.inRuns.slice(0, -1)) {
      if (type === kind && typeof content === 'string' && content !== '') got.push(`${got.pop() ?? ''}${content}`);
      else got.push(`${type}:${String(content)}`);
      kind = type;
    }
    expect(got).toEqual(expected);
    // 4,800 pieces of text, 12 calls and the end: no timer holds one back to merge it with the next.
    expect(peer.inRuns).toHaveLength(4_800 + 12 + 1);
    expect(peer.inRuns.map(({ seq }) => seq)).toEqual(peer.inRuns.map((_, i) => i + 1));
  });
});

/** All clients of a test are one owner. */
const NO_SHARE = { maxRunsPerOwner: Infinity, maxLogBytesPerOwner: Infinity };

describe('Memory', () => {
  /** Writes so many characters, then waits for ever, deaf to its signal. */
  function writer(size: number): LlmProvider['stream'] {
    return async function* (): AsyncGenerator<LlmPart> {
      yield { type: 'text-delta', text: 'x'.repeat(size) };
      await new Promise(() => undefined);
    };
  }

  it('of all runs is bounded: the largest ends, and new ones are refused while it is full', async () => {
    const sizes = [60_000, 30_000, 20_000];
    const streams = sizes.map(writer);
    const provider: LlmProvider = { vendor: 'v', stream: (...args) => (streams.shift() ?? writer(1))(...args) };
    const engine = createEngine({ provider, maxLogBytes: 120_000, ...NO_SHARE });
    const peers = sizes.map(() => engine.connect());
    for (const [index, peer] of peers.entries()) {
      peer.send(query);
      await vi.waitFor(() => expect(textOf(peer)).toHaveLength(sizes[index] ?? 0));
    }
    const [largest, ...others] = peers;
    const late = engine.connect();
    late.send(query);
    await vi.waitFor(() => expect(late.ofType('error')).toMatchObject([{ code: 'too_many_runs', retryable: true }]));
    if (largest === undefined) throw new Error('There is a largest');
    expect(await ended(largest)).toMatchObject({ type: 'error', code: 'output_too_large', retryable: false });
    for (const other of others) expect(endOf(other)).toBeUndefined();
    late.send(query);
    await vi.waitFor(() => expect(textOf(late)).toBe('x'));
  });

  it('of a run is bounded also where one delta is larger than all of it may be', async () => {
    const provider = createScriptedProvider(['x'.repeat(2_000_000)]);
    const peer = createEngine({ provider, maxRunBytes: 100_000 }).connect();
    peer.send(query);
    expect(await ended(peer)).toMatchObject({ type: 'error', code: 'output_too_large' });
    expect(textOf(peer).length).toBeGreaterThan(90_000);
    expect(textOf(peer).length).toBeLessThan(150_000);
  });

  it('counts every run in progress, small ones too', async () => {
    const provider: LlmProvider = { vendor: 'v', stream: (...args) => writer(1)(...args) };
    const engine = createEngine({ provider, maxLogBytes: 60_000, ...NO_SHARE });
    const peer = engine.connect();
    for (let i = 0; i < 12; i++) peer.send(query);
    // Without those that were taken and ended since.
    const refused = () => peer.ofType('error').filter(({ seq }) => seq === undefined);
    await vi.waitFor(() => expect(refused().length + peer.ofType('accepted').length).toBe(12));
    expect(peer.ofType('accepted')).toHaveLength(10);
    expect(refused()[0]).toMatchObject({ code: 'too_many_runs' });
  });

  it('of the line of a conversation is bounded', async () => {
    const engine = createEngine({
      provider: { vendor: 'v', stream: writer(1) },
      maxRunsPerConnection: 100,
      ...NO_SHARE,
    });
    const peer = engine.connect();
    const own = { ...query, conversation_id: 'c' };
    for (let i = 0; i < 65; i++) peer.send(own);
    await vi.waitFor(() => expect(peer.ofType('error')).toHaveLength(1));
    expect(peer.ofType('error')).toMatchObject([{ code: 'conversation_busy', retryable: true }]);
    expect(engine.runs.size).toBe(64);
    peer.send({ ...query, conversation_id: 'other' });
    await vi.waitFor(() => expect(engine.runs.size).toBe(65));
  });

  it('of ended runs is given back: hundreds of runs in a row fit a small bound', async () => {
    const store = new MemoryRunStore({ maxRetainedBytes: 50_000 });
    const engine = createEngine({
      provider: createScriptedProvider(['x'.repeat(500)]),
      maxLogBytes: 11_000,
      ...NO_SHARE,
      rateLimits: false,
      store,
    });
    const peer = engine.connect();
    for (let i = 0; i < 300; i++) {
      const since = peer.ofType('agent_response').length;
      peer.send({ type: 'agent_query', query: 'q' });
      await vi.waitFor(() => expect(peer.ofType('agent_response').length).toBe(since + 1), { interval: 1 });
    }
    expect(peer.ofType('error')).toEqual([]);
    expect(store.list('owner', 1_000).length).toBeLessThan(40);
    expect(engine.runs.size).toBe(0);
  });

  it.each<[string, RunExecutor['execute']]>([
    [
      'text',
      (run) => {
        run.text('stream_chunk', '漢'.repeat(400));
        return new Promise(() => undefined);
      },
    ],
    [
      'a message',
      (run) => {
        run.message({ type: 'stream_tool_call', tool_call_id: 'c', tool_name: 't', params: '漢'.repeat(400) });
        return new Promise(() => undefined);
      },
    ],
  ])('is counted in bytes of UTF-8: %s', async (_what, execute) => {
    const peer = createEngine({ executor: { check: () => undefined, execute }, maxRunBytes: 1_000 }).connect();
    peer.send(query);
    expect(await ended(peer)).toMatchObject({ type: 'error', code: 'output_too_large' });
  });

  it.each<[string, LlmPart]>([
    ['the text of an agent_query', { type: 'text-delta', text: '漢'.repeat(400) }],
    ['arguments', { type: 'tool-call', id: 'c', name: 't', arguments: `"${'漢'.repeat(300)}"` }],
  ])('is counted in bytes of UTF-8 where it is only kept: %s', async (_what, part) => {
    const stream: LlmProvider['stream'] = async function* () {
      yield part;
      await new Promise(() => undefined);
    };
    const peer = createEngine({ provider: { vendor: 'v', stream }, maxRunBytes: 1_000 }).connect();
    peer.send({ type: 'agent_query', query: 'q' });
    expect(await ended(peer)).toMatchObject({ type: 'error', code: 'output_too_large' });
  });

  it('a run that lasts too long is cancelled', async () => {
    const peer = createEngine({ provider: { vendor: 'v', stream: writer(1) }, maxRunMs: 50 }).connect();
    peer.send(query);
    expect(await ended(peer)).toMatchObject({ type: 'cancelled', reason: 'max_duration', finish_reason: 'cancelled' });
  });
});
