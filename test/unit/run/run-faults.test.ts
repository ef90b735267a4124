import { expect, describe, it, vi } from 'vitest';
import {
  RunManager,
  type Claim,
  type Logger,
  type RunEntry,
  type RunExecutor,
  type RunMeta,
  type RunState,
} from '../../../src/index.js';
import { MemoryRunStore } from '../../../src/stores/memory/memory-run-store.js';
import { MemoryToolLedger } from '../../../src/stores/memory/memory-tool-ledger.js';
import type { RunMessage } from '../../../src/log/run-message.js';
import { SETTLE_MS } from '../../../src/run/run-init.js';
import { shortenTimers } from '../../helpers/short-timers.js';
import { createEngine, endOf, type Peer } from './harness.js';

const query = { type: 'streaming_query', query: 'q' };

function recorder(): { logger: Logger; faults: Record<string, unknown>[] } {
  const faults: Record<string, unknown>[] = [];
  const ignore = (): void => undefined;
  return {
    logger: { debug: ignore, info: ignore, warn: ignore, error: (fields) => void faults.push({ ...fields }) },
    faults,
  };
}

/** An executor of the embedder's own. */
function executorOf(execute: RunExecutor['execute']): RunExecutor {
  return { check: () => undefined, execute };
}

/** What careless code rejects with. */
const nobody = undefined as unknown as Error;

const cyclic: Record<string, unknown> = {};
cyclic['self'] = cyclic;

async function ended(peer: Peer): Promise<NonNullable<ReturnType<typeof endOf>>> {
  return vi.waitFor(() => {
    const end = endOf(peer);
    if (end === undefined) throw new Error('The run is not over yet');
    return end;
  });
}

describe('A run whose work goes wrong', () => {
  it.each<[string, RunExecutor['execute']]>([
    [
      'throws at once',
      () => {
        throw new Error('secret');
      },
    ],
    ['rejects', () => Promise.reject(new Error('secret'))],
    ['rejects with nothing', () => Promise.reject(nobody)],
    [
      'ends with what JSON cannot say',
      () => Promise.resolve({ type: 'tool_result', tool_name: 't', result: 1n } as RunMessage),
    ],
    [
      'ends with a circle',
      () => Promise.resolve({ type: 'tool_result', tool_name: 't', result: cyclic } as RunMessage),
    ],
    ['ends with a message that ends nothing', () => Promise.resolve({ type: 'status', status: 'processing' })],
  ])('fails with internal_error where it %s', async (_how, execute) => {
    const { logger, faults } = recorder();
    const engine = createEngine({ executor: executorOf(execute), logger });
    const peer = engine.connect();
    peer.send(query);
    const end = await ended(peer);
    expect(end).toMatchObject({ type: 'error', code: 'internal_error', seq: 1 });
    expect(JSON.stringify(peer.frames)).not.toContain('secret');
    expect(faults).toHaveLength(1);
    expect(engine.runs.size).toBe(0);
  });

  it('fails where its usage cannot be encoded, whoever ends it', async () => {
    shortenTimers(SETTLE_MS);
    const engine = createEngine({
      executor: executorOf((run) => {
        run.worker = { end: () => ({ usage: { input_tokens: 1n as unknown as number, output_tokens: 1 } }) };
        return new Promise(() => undefined);
      }),
    });
    const peer = engine.connect();
    peer.send(query);
    await vi.waitFor(() => expect(engine.runs.size).toBe(1));
    peer.send({ type: 'cancel' });
    const end = await ended(peer);
    expect(end['usage']).toBeUndefined();
    expect(engine.runs.size).toBe(0);
  });

  it('leaves no hole in seq where a message cannot be encoded', async () => {
    const engine = createEngine({
      executor: executorOf((run) => {
        run.message({ type: 'status', status: 'processing' });
        expect(() =>
          run.message({ type: 'stream_tool_call', tool_call_id: 'c', tool_name: 't', params: 1n }),
        ).toThrow();
        run.message({ type: 'status', status: 'processing' });
        return Promise.resolve({ type: 'stream_end' });
      }),
    });
    const peer = engine.connect();
    peer.send(query);
    await ended(peer);
    expect(peer.inRuns.map(({ seq }) => seq)).toEqual([1, 2, 3]);
  });

  it('waits with its end for what its worker has to write', async () => {
    let kept: () => void = () => undefined;
    const engine = createEngine({
      executor: executorOf((run) => {
        run.worker = {
          end: () => new Promise((resolve) => (kept = () => resolve({}))),
        };
        run.text('stream_chunk', 'a');
        return Promise.resolve({ type: 'stream_end' });
      }),
    });
    const peer = engine.connect();
    peer.send(query);
    await vi.waitFor(() => expect(peer.ofType('stream_chunk')).toHaveLength(1));
    peer.send({ type: 'cancel' });
    await new Promise((resolve) => setImmediate(resolve));
    expect(endOf(peer)).toBeUndefined();
    expect(engine.runs.size).toBe(1);
    kept();
    expect(await ended(peer)).toMatchObject({ type: 'stream_end', seq: 2 });
    // The cancel came when all was said.
    await vi.waitFor(() => expect(peer.ofType('cancelled')).toMatchObject([{ outcome: 'already_finished' }]));
  });

  it('is not complete where that cannot be written', async () => {
    const { logger, faults } = recorder();
    const engine = createEngine({
      executor: executorOf((run) => {
        run.worker = { end: () => Promise.reject(new Error('full')) };
        return Promise.resolve({ type: 'stream_end' });
      }),
      logger,
    });
    const peer = engine.connect();
    peer.send(query);
    expect(await ended(peer)).toMatchObject({ type: 'error', code: 'internal_error' });
    expect(faults).toHaveLength(1);
    expect(engine.runs.size).toBe(0);
  });

  it('takes nothing after its end', async () => {
    let late: (() => void) | undefined;
    const engine = createEngine({
      executor: executorOf((run) => {
        late = () => {
          run.text('stream_chunk', 'late');
          run.message({ type: 'status', status: 'processing' });
          run.stop({ state: 'cancelled', reason: 'requested' });
        };
        return Promise.resolve({ type: 'stream_end' });
      }),
    });
    const peer = engine.connect();
    peer.send(query);
    await ended(peer);
    const run = await engine.runs.get({ id: 'owner' }, String(peer.inRuns[0]?.run_id));
    late?.();
    expect(run?.log.published).toBe(1);
  });
});

/** A store that fails where it is told to. */
class FailingStore extends MemoryRunStore {
  refuses: (entry: RunEntry) => boolean = () => false;
  refusesState: (state: RunState) => boolean = () => false;

  override create(meta: RunMeta): Claim {
    const claim = super.create(meta);
    if (claim.status !== 'created') return claim;
    const { log } = claim;
    const append = log.append.bind(log);
    log.append = (entry) => {
      if (this.refuses(entry)) throw new Error('disk');
      append(entry);
    };
    return claim;
  }

  override setState(owner: string, id: string, state: RunState): void {
    if (this.refusesState(state)) throw new Error('disk');
    super.setState(owner, id, state);
  }
}

describe('A run whose store fails', () => {
  it.each<[string, RunEntry['type'], RunExecutor['execute']]>([
    [
      'a text',
      'stream_chunk',
      (run) => {
        run.text('stream_chunk', 'a');
        return new Promise((_, reject) => run.signal.addEventListener('abort', () => reject(new Error('stopped'))));
      },
    ],
    [
      'a message',
      'status',
      (run) => {
        run.message({ type: 'status', status: 'processing' });
        return Promise.resolve({ type: 'stream_end' });
      },
    ],
    ['its end', 'stream_end', () => Promise.resolve({ type: 'stream_end' })],
  ])('ends with internal_error and no hole where the log refuses %s', async (_what, type, execute) => {
    shortenTimers(SETTLE_MS);
    const { logger, faults } = recorder();
    const store = new FailingStore();
    store.refuses = (entry) => entry.type === type;
    const engine = createEngine({ executor: executorOf(execute), logger, store });
    const peer = engine.connect();
    peer.send(query);
    expect(await ended(peer)).toMatchObject({ type: 'error', code: 'internal_error' });
    let position = 0;
    for (const { seq, first_seq: first = seq } of peer.inRuns) {
      expect(first).toBe(position + 1);
      position = Number(seq);
    }
    expect(JSON.stringify(peer.frames)).not.toContain('disk');
    expect(faults).toMatchObject([{ err: { message: 'disk' } }]);
    expect(engine.runs.size).toBe(0);
  });

  it('is over where the log refuses everything', async () => {
    const { logger, faults } = recorder();
    const store = new FailingStore();
    store.refuses = () => true;
    const engine = createEngine({
      executor: executorOf(() => Promise.resolve({ type: 'stream_end' })),
      logger,
      store,
    });
    const over = vi.fn();
    engine.runs.on('end', over);
    const peer = engine.connect();
    peer.send(query);
    await vi.waitFor(() => expect(over).toHaveBeenCalledOnce());
    expect(engine.runs.size).toBe(0);
    // The message, its replacement, and the reader, who would wait for ever.
    expect(faults).toHaveLength(3);
    await vi.waitFor(() => expect(peer.closes).toEqual([{ code: 1011, reason: 'Internal error' }]));
    await engine.runs.drain(10_000);
  });

  it.each<RunState>(['running', 'finished'])('ends all the same where the state %s is refused', async (refused) => {
    const { logger, faults } = recorder();
    const store = new FailingStore();
    store.refusesState = (state) => state === refused;
    const engine = createEngine({
      executor: executorOf(() => Promise.resolve({ type: 'stream_end' })),
      logger,
      store,
    });
    const over = vi.fn();
    engine.runs.on('end', over);
    const peer = engine.connect();
    peer.send(query);
    expect(await ended(peer)).toMatchObject({ type: 'stream_end' });
    await vi.waitFor(() => expect(over).toHaveBeenCalledOnce());
    expect(engine.runs.size).toBe(0);
    expect(faults).toMatchObject([{ err: { message: 'disk' } }]);
  });

  it('ends as it did where the ledger cannot forget it', async () => {
    const { logger, faults } = recorder();
    const ledger = new MemoryToolLedger();
    ledger.forget = () => {
      throw new Error('disk');
    };
    const peer = createEngine({ ledger, logger }).connect();
    peer.send(query);
    expect(await ended(peer)).toMatchObject({ type: 'stream_end' });
    expect(faults).toMatchObject([{ err: { message: 'disk' } }]);
  });
});

it('A store that cannot expire is reported and does not end the process', () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  try {
    const { logger, faults } = recorder();
    const store = new MemoryRunStore();
    vi.spyOn(store, 'expire').mockImplementation(() => {
      throw new Error('disk full');
    });
    new RunManager({ executor: executorOf(() => Promise.reject(nobody)), store, logger });
    vi.advanceTimersByTime(1_000);
    expect(faults).toEqual([{ err: expect.objectContaining({ message: 'disk full' }) as unknown }]);
  } finally {
    vi.useRealTimers();
  }
});
