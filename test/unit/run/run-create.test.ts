import { describe, expect, it, vi } from 'vitest';
import type { RunRequest } from '../../../src/protocol/client-messages.js';
import { createScriptedProvider } from '../../../src/testing/index.js';
import { createEngine } from './harness.js';

const OWNER = { principal: { id: 'owner' } };

function question(fields: Partial<Extract<RunRequest, { type: 'streaming_query' }>> = {}): RunRequest {
  return { type: 'streaming_query', query: 'Hello?', ...fields };
}

describe('a run that the application creates', () => {
  it('is executed without a connection, and told to the connections that watch its conversation', async () => {
    const provider = createScriptedProvider(['Good ', 'morning']);
    const engine = createEngine({ provider });
    const { runs } = engine;
    const peer = engine.connect();
    peer.send({ type: 'watch', conversation_id: 'news' });
    await vi.waitFor(() => expect(peer.ofType('watching')).toHaveLength(1));

    const created = await runs.create(OWNER, question({ conversation_id: 'news' }));
    if (!created.isNew) throw new Error('The run is new');
    runs.start(created.run);
    await created.run.ended;
    await vi.waitFor(() => expect(peer.ofType('stream_end')).toHaveLength(1));
    expect(peer.ofType('run_started')).toMatchObject([{ run_id: created.run.id, query: 'Hello?' }]);
    expect(
      peer
        .ofType('stream_chunk')
        .map(({ content }) => content)
        .join(''),
    ).toBe('Good morning');
  });

  it('does nothing before it is started, and works once however often it is started', async () => {
    const provider = createScriptedProvider(['Hello']);
    const { runs } = createEngine({ provider });
    const starts: string[] = [];
    runs.on('start', (run) => starts.push(run.id));
    const created = await runs.create(OWNER, question());
    if (!created.isNew) throw new Error('The run is new');
    const { run } = created;
    await new Promise((resolve) => setImmediate(resolve));
    expect([run.state, provider.calls.length, starts]).toEqual(['accepted', 0, []]);
    runs.start(run);
    runs.start(run);
    await run.ended;
    runs.start(run);
    expect([run.state, provider.calls.length, starts]).toEqual(['finished', 1, [run.id]]);
  });

  it('that is not started waits when its turn comes', async () => {
    const provider = createScriptedProvider(['Hello']);
    const { runs } = createEngine({ provider });
    const first = await runs.create(OWNER, question({ conversation_id: 'c' }));
    const second = await runs.create(OWNER, question({ conversation_id: 'c' }));
    if (!first.isNew || !second.isNew) throw new Error('The runs are new');
    runs.start(first.run);
    await first.run.ended;
    expect([second.run.state, runs.positionOf(second.run)]).toEqual(['queued', 0]);
    runs.start(second.run);
    await second.run.ended;
    expect([second.run.state, provider.calls.length]).toEqual(['finished', 2]);
  });

  it('is not executed again under the id of another run', async () => {
    const { runs } = createEngine();
    const id = '11111111-2222-4333-8444-555555555555';
    const first = await runs.create(OWNER, question({ run_id: id }));
    const again = await runs.create(OWNER, question({ run_id: id }));
    expect([first.isNew, again.isNew]).toEqual([true, false]);
    expect(again.run).toBe(first.run);
    expect(() => runs.create(OWNER, question({ run_id: id, query: 'Something else?' }))).toThrow(
      expect.objectContaining({ code: 'run_id_conflict' }),
    );
  });

  it('is cancelled when it starts if its cancel came first', async () => {
    const { runs } = createEngine();
    const id = '11111111-2222-4333-8444-555555555555';
    await runs.cancelOnArrival(OWNER.principal, id);
    const created = await runs.create(OWNER, question({ run_id: id }));
    if (!created.isNew) throw new Error('The run is new');
    expect(created.run.state).toBe('accepted');
    runs.start(created.run);
    await created.run.ended;
    expect(created.run.state).toBe('cancelled');
  });
});
