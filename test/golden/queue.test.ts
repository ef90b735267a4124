import { expect, it, vi } from 'vitest';
import type { ClusterNode } from '../../src/store/cluster.js';
import { TestClient } from '../../src/testing/index.js';
import { Line, nodeOf, storeWithoutRuns } from '../helpers/line.js';
import { startServer } from '../helpers/server.js';
import { normalise } from './frames.js';

it('frames of a run that waits for a worker', async () => {
  const queue = new Line();
  queue.tickets = [
    { owner: 'other', id: 'a' },
    { owner: 'other', id: 'b' },
  ];
  const { url } = await startServer({ store: storeWithoutRuns(), queue });
  const client = await TestClient.connect(url);
  client.send({ type: 'streaming_query', query: 'q' });
  await client.next('queued');
  queue.tickets.shift();
  queue.msPerPlace = 1500;
  await vi.waitFor(() => expect(client.frames).toHaveLength(4), 10_000);
  expect(normalise(client.frames.slice(1))).toEqual([
    '{"type":"accepted","timestamp":T,"run_id":"uuid-1","state":"accepted"}',
    '{"type":"queued","timestamp":T,"run_id":"uuid-1","position":3}',
    '{"type":"queued","timestamp":T,"run_id":"uuid-1","position":2,"estimated_wait_ms":3000}',
  ]);
});

it('frames of a run that waits while no worker is running', async () => {
  const queue = new Line();
  queue.msPerPlace = 1500;
  const nodes: ClusterNode[] = [];
  const { url, agent } = await startServer({ store: storeWithoutRuns(nodes), queue, logger: false });
  await vi.waitFor(() => expect(agent.runs.lineWatch?.hasNoWorkers).toBe(true), 20_000);
  const client = await TestClient.connect(url);
  client.send({ type: 'streaming_query', query: 'q' });
  await client.next('queued');
  nodes.push(nodeOf(1));
  await vi.waitFor(() => expect(client.frames).toHaveLength(4), 10_000);
  expect(normalise(client.frames.slice(1))).toEqual([
    '{"type":"accepted","timestamp":T,"run_id":"uuid-1","state":"accepted"}',
    '{"type":"queued","timestamp":T,"run_id":"uuid-1","position":1,"no_workers":true}',
    '{"type":"queued","timestamp":T,"run_id":"uuid-1","position":1,"estimated_wait_ms":1500}',
  ]);
});
