import { expect, describe, it, vi } from 'vitest';
import type { Logger, RunExecutor, RunMessage } from '../../../src/index.js';
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
  return vi.waitFor(
    () => {
      const end = endOf(peer);
      if (end === undefined) throw new Error('The run is not over yet');
      return end;
    },
    { timeout: 5_000 },
  );
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
    const engine = createEngine({
      executor: executorOf((run) => {
        run.usage = () => ({ input_tokens: 1n as unknown as number, output_tokens: 1 });
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

  it('takes nothing after its end', async () => {
    let late: (() => void) | undefined;
    const engine = createEngine({
      executor: executorOf((run) => {
        late = () => {
          run.text('stream_chunk', 'late');
          run.message({ type: 'status', status: 'processing' });
          run.stop({ state: 'cancelled', reason: 'requested' });
          run.flush();
        };
        return Promise.resolve({ type: 'stream_end' });
      }),
    });
    const peer = engine.connect();
    peer.send(query);
    await ended(peer);
    const [run] = [engine.runs.get({ id: 'owner' }, String(peer.inRuns[0]?.run_id))];
    late?.();
    expect(run?.log.published).toBe(1);
  });
});
