import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createAgentClient, type RunEvent } from '../../../src/client/index.js';
import { LineWatch } from '../../../src/run/line-watch.js';
import { TestClient } from '../../../src/testing/index.js';
import { Line, storeWithoutRuns } from '../../helpers/line.js';
import { startServer } from '../../helpers/server.js';
import { shortenTimers } from '../../helpers/short-timers.js';

const OTHERS = ['a', 'b', 'c'].map((id) => ({ owner: 'other', id }));

async function start(options: { maxQueued?: number } = {}) {
  // After that the places are asked for again.
  shortenTimers(1_000);
  const queue = new Line();
  queue.tickets = [...OTHERS];
  const server = await startServer({ store: storeWithoutRuns(), queue, ...options });
  return { ...server, queue };
}

function placesOf(client: TestClient): unknown[] {
  return client.messages.flatMap((message) => (message.type === 'queued' ? [message['position']] : []));
}

describe('runs that wait for a worker', () => {
  it('tells their places, each when it has changed', async () => {
    const { url, queue } = await start();
    const client = await TestClient.connect(url);
    client.send({ type: 'streaming_query', query: 'q' });
    await client.next('queued');
    const asked = queue.asked;
    await vi.waitFor(() => expect(queue.asked).toBeGreaterThan(asked + 1), 10_000);
    expect(placesOf(client)).toEqual([4]);
    queue.tickets.shift();
    await vi.waitFor(() => expect(placesOf(client)).toEqual([4, 3]), 10_000);
    queue.tickets.shift();
    await vi.waitFor(() => expect(placesOf(client)).toEqual([4, 3, 2]), 10_000);
  });

  it('asks for all of them at once', async () => {
    const { url, queue } = await start();
    const client = await TestClient.connect(url);
    for (let i = 0; i < 10; i++) client.send({ type: 'streaming_query', query: 'q' });
    await vi.waitFor(() => expect(placesOf(client)).toHaveLength(10));
    expect(placesOf(client).toSorted((a, b) => Number(a) - Number(b))).toEqual([4, 5, 6, 7, 8, 9, 10, 11, 12, 13]);
    expect(queue.asked).toBeLessThanOrEqual(2);
  });

  it('does not tell clients of the documented core', async () => {
    const { url, queue } = await start();
    const core = await TestClient.connect(url, { negotiate: false });
    core.send({ type: 'streaming_query', query: 'q' });
    const client = await TestClient.connect(url);
    client.send({ type: 'streaming_query', query: 'q' });
    await client.next('queued');
    queue.tickets.shift();
    await vi.waitFor(() => expect(placesOf(client)).toHaveLength(2), 10_000);
    expect(placesOf(core)).toEqual([]);
  });

  it('tells each client when workers are gone and when they are there again, also if no place changes', async () => {
    const watch = vi.spyOn(LineWatch.prototype, 'hasNoWorkers', 'get');
    onTestFinished(() => watch.mockRestore());
    watch.mockReturnValue(false);
    const { url, queue } = await start();
    queue.msPerPlace = 100;
    const client = createAgentClient({ url });
    const run = client.stream('q');
    const lines: unknown[] = [];
    run.subscribe((event) => {
      if (event.type === 'state' && event.state === 'queued')
        lines.push([event.place, event.estimatedWaitMs, event.noWorkers]);
    });
    await vi.waitFor(() => expect(lines).toHaveLength(1), 10_000);
    watch.mockReturnValue(true);
    await vi.waitFor(() => expect(lines).toHaveLength(2), 10_000);
    const { asked } = queue;
    await vi.waitFor(() => expect(queue.asked).toBeGreaterThan(asked), 10_000);
    queue.tickets.shift();
    await vi.waitFor(() => expect(lines).toHaveLength(3), 10_000);
    watch.mockReturnValue(false);
    await vi.waitFor(() => expect(lines).toHaveLength(4), 10_000);
    expect(lines).toEqual([
      [4, 400, undefined],
      [4, undefined, true],
      [3, undefined, true],
      [3, 300, undefined],
    ]);
    client.close();
  });

  it('tells nothing of a run that is not in the line, and asks for none when nobody reads', async () => {
    const { url, queue } = await start();
    const client = await TestClient.connect(url);
    client.send({ type: 'streaming_query', query: 'q' });
    await client.next('queued');
    queue.tickets.pop();
    const asked = queue.asked;
    await vi.waitFor(() => expect(queue.asked).toBeGreaterThan(asked), 10_000);
    expect(placesOf(client)).toEqual([4]);
    const positions = vi.spyOn(queue, 'positions');
    await client.close();
    const other = await TestClient.connect(url);
    other.send({ type: 'ping' });
    await other.next('pong');
    await vi.waitFor(() => expect(positions).toHaveBeenCalledWith([]), 10_000);
    other.send({ type: 'streaming_query', query: 'q' });
    await other.next('queued');
  });

  it('goes on if the queue could not be asked', async () => {
    const { url, queue } = await start();
    queue.isBroken = true;
    const client = await TestClient.connect(url);
    client.send({ type: 'streaming_query', query: 'q' });
    await vi.waitFor(() => expect(queue.asked).toBeGreaterThan(1), 10_000);
    queue.isBroken = false;
    await client.next('queued');
    expect(placesOf(client)).toEqual([4]);
  });

  it('takes no more runs than may wait', async () => {
    const { url, queue } = await start({ maxQueued: 4 });
    queue.msPerPlace = 2_500;
    const client = await TestClient.connect(url);
    client.send({ type: 'streaming_query', query: 'q' });
    await client.next('accepted');
    client.send({ type: 'streaming_query', query: 'q' });
    expect(await client.next('error')).toMatchObject({ code: 'too_many_runs', retry_after_ms: 2_500, retryable: true });
    expect(queue.tickets).toHaveLength(4);
  });

  it('are queued for the client library, which tells the place', async () => {
    const { url, queue } = await start();
    queue.msPerPlace = 100;
    const client = createAgentClient({ url });
    const run = client.stream('q');
    const events: RunEvent[] = [];
    run.subscribe((event) => void events.push(event));
    await vi.waitFor(() => expect(run.state).toBe('queued'));
    expect(events).toEqual([
      { type: 'state', state: 'accepted' },
      { type: 'state', state: 'queued', place: 4, estimatedWaitMs: 400 },
    ]);
    queue.tickets.shift();
    await vi.waitFor(() => expect(events.at(-1)).toMatchObject({ state: 'queued', place: 3 }), 10_000);
    client.close();
  });
});
