import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { z } from 'zod';
import { AgentSocketError, defineTool, type LlmPart, type LlmProvider, type RunUsage } from '../../../src/index.js';
import type { RunRequest } from '../../../src/protocol/index.js';
import { createScriptedProvider } from '../../../src/testing/index.js';
import { silentLogger } from '../../../src/runtime/logger.js';
import { createEngine } from './harness.js';

const ID = '11111111-2222-4333-8444-555555555555';
const QUERY = { type: 'agent_query', query: 'q' };
const echo = defineTool({ name: 'echo', description: 'Echoes.', params: z.object({}), execute: () => 1 });

/** A gate that opens when the test wants. */
function gate() {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { open, opened };
}

describe('beforeRun', () => {
  it('is asked once for each new run, with its principal and request', async () => {
    const asked: unknown[] = [];
    const beforeRun = ({ id }: { id: string }, { type }: RunRequest): void => void asked.push([id, type]);
    const peer = createEngine({ beforeRun, tools: [echo] }).connect();
    peer.send({ ...QUERY, run_id: ID });
    peer.send({ ...QUERY, run_id: ID });
    peer.send({ type: 'tool_call', tool_name: 'echo' });
    await vi.waitFor(() => expect(peer.ofType('tool_result')).toHaveLength(1));
    expect(asked).toEqual([
      ['owner', 'agent_query'],
      ['owner', 'tool_call'],
    ]);
  });

  it('has ten seconds, and no place stays taken by one that never answers', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    let isHanging = true;
    const beforeRun = (): void | Promise<void> => (isHanging ? new Promise(() => undefined) : undefined);
    const peer = createEngine({ beforeRun, maxRunsPerOwner: 1 }).connect();
    peer.send({ ...QUERY, run_id: ID });
    await vi.advanceTimersByTimeAsync(9_999);
    expect(peer.ofType('error')).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(peer.ofType('error')).toMatchObject([{ code: 'internal_error', run_id: ID }]);
    isHanging = false;
    peer.send({ ...QUERY, run_id: ID });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(peer.ofType('agent_response')).toHaveLength(1);
  });

  it('refuses with its own error, and the id stays free', async () => {
    let isFirst = true;
    const provider = createScriptedProvider(['Hello']);
    const beforeRun = async (): Promise<void> => {
      await Promise.resolve();
      if (isFirst) throw new AgentSocketError('rate_limited', 'The month is used up', { retryAfterMs: 5_000 });
    };
    const peer = createEngine({ beforeRun, provider, maxRunsPerOwner: 1 }).connect();
    peer.send({ ...QUERY, run_id: ID, conversation_id: 'c' });
    await vi.waitFor(() => expect(peer.ofType('error')).toHaveLength(1));
    expect(peer.ofType('error')).toMatchObject([{ code: 'rate_limited', retry_after_ms: 5_000, run_id: ID }]);
    expect(provider.calls).toEqual([]);
    isFirst = false;
    peer.send({ ...QUERY, run_id: ID, conversation_id: 'c' });
    await vi.waitFor(() => expect(peer.ofType('agent_response')).toHaveLength(1));
  });

  it.each<[string, () => void]>([
    ['returns', () => false],
    ['resolves to', () => Promise.resolve(false)],
  ])('that %s false refuses the run, since its author means that', async (_how, answer) => {
    const error = vi.fn();
    const logger = { ...silentLogger, error, isLevelEnabled: () => true };
    const provider = createScriptedProvider(['Hello']);
    const peer = createEngine({ beforeRun: answer, provider, logger }).connect();
    peer.send({ type: 'streaming_query', query: 'q' });
    await vi.waitFor(() => expect(peer.ofType('error')).toMatchObject([{ code: 'internal_error' }]));
    expect(provider.calls).toEqual([]);
    const [{ err }] = error.mock.calls[0] as [{ err: Error }];
    expect(err.message).toBe('The function "beforeRun" gave false; to refuse a run, it has to throw');
  });

  it('that fails refuses with internal_error, without its text', async () => {
    const beforeRun = (): never => {
      throw new Error('no database at 10.0.0.1');
    };
    const peer = createEngine({ beforeRun, logger: false }).connect();
    peer.send(QUERY);
    await vi.waitFor(() => expect(peer.ofType('error')).toMatchObject([{ code: 'internal_error' }]));
    expect(peer.frames.join('')).not.toContain('10.0.0.1');
  });

  it('holds a place while it thinks, so that many requests do not share one', async () => {
    const { open, opened } = gate();
    const engine = createEngine({ beforeRun: () => opened, maxRunsPerOwner: 1 });
    const [first, second] = [engine.connect(), engine.connect()];
    first.send(QUERY);
    await vi.waitFor(() => expect(first.connection.unanswered).toBe(1));
    second.send(QUERY);
    await vi.waitFor(() => expect(second.ofType('error')).toMatchObject([{ code: 'too_many_runs' }]));
    open();
    await vi.waitFor(() => expect(first.ofType('agent_response')).toHaveLength(1));
  });
});

describe('the event usage', () => {
  function reports(options: Parameters<typeof createEngine>[0]) {
    const engine = createEngine(options);
    const used: RunUsage[] = [];
    engine.runs.on('usage', (usage) => void used.push(usage));
    return { engine, used };
  }

  /** Calls a tool, then answers, and says what both cost. */
  function caller(end: 'answers' | 'fails' | 'hangs'): LlmProvider {
    return {
      vendor: 'v',
      model: 'm',
      async *stream({ messages }, { signal }): AsyncGenerator<LlmPart> {
        if (messages.length === 1) {
          yield { type: 'tool-call', id: 'c1', name: 'echo', arguments: '{}' };
          yield { type: 'usage', inputTokens: 10, outputTokens: 2, cachedInputTokens: 4 };
          return;
        }
        yield { type: 'text-delta', text: 'Some words of an answer' };
        if (end === 'fails') throw new AgentSocketError('provider_refused', 'No');
        if (end === 'hangs')
          await new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error())));
        yield { type: 'usage', inputTokens: 20, outputTokens: 3 };
      },
    };
  }

  it('has the sums of a query in a conversation', async () => {
    const { engine, used } = reports({ provider: caller('answers'), tools: [echo] });
    engine.connect().send({ ...QUERY, run_id: ID, conversation_id: 'c' });
    await vi.waitFor(() => expect(used).toHaveLength(1));
    expect(used).toEqual([
      {
        principal: { id: 'owner' },
        runId: ID,
        kind: 'agent_query',
        conversationId: 'c',
        state: 'finished',
        model: 'm',
        inputTokens: 30,
        outputTokens: 5,
        cachedInputTokens: 4,
        estimated: false,
        toolCalls: 1,
      },
    ]);
  });

  it.each([
    ['fails', 'failed'],
    ['hangs', 'cancelled'],
    ['hangs', 'interrupted'],
  ] as const)('has what was used by a query that %s and is %s', async (end, state) => {
    const { engine, used } = reports({ provider: caller(end), tools: [echo] });
    const peer = engine.connect();
    peer.send({ ...QUERY, type: 'streaming_query' });
    await vi.waitFor(() => expect(peer.ofType('stream_chunk')).not.toEqual([]));
    if (state === 'cancelled') peer.send({ type: 'cancel' });
    if (state === 'interrupted') void engine.runs.drain(0);
    await vi.waitFor(() => expect(used).toHaveLength(1));
    expect(used[0]).toMatchObject({ state, estimated: true, toolCalls: 1 });
    expect(used[0]?.inputTokens).toBeGreaterThan(10);
    expect(used[0]?.outputTokens).toBeGreaterThan(2);
  });

  it('counts a tool call, and says nothing of a run that used nothing', async () => {
    const { engine, used } = reports({ tools: [echo], provider: { vendor: 'v', stream: () => [] as never } });
    const peer = engine.connect();
    peer.send({ type: 'tool_call', tool_name: 'echo' });
    await vi.waitFor(() => expect(used).toMatchObject([{ kind: 'tool_call', toolCalls: 1, inputTokens: 0 }]));
    const waiting = createEngine({ provider: caller('hangs') });
    const nothing = vi.fn();
    waiting.runs.on('usage', nothing);
    const asker = waiting.connect();
    asker.send({ ...QUERY, conversation_id: 'c' });
    asker.send({ ...QUERY, conversation_id: 'c' });
    await vi.waitFor(() => expect(waiting.runs.size).toBe(2));
    for (const run of waiting.runs) if (run.state === 'queued') run.stop({ state: 'cancelled', reason: 'requested' });
    await vi.waitFor(() => expect(asker.ofType('cancelled')).toHaveLength(1));
    expect(nothing).not.toHaveBeenCalled();
  });
});
