import { expect, it, vi } from 'vitest';
import { TestClient } from '../../src/testing/index.js';
import { Line, storeWithoutWorkers } from '../helpers/line.js';
import { startServer } from '../helpers/server.js';
import { normalise } from './frames.js';

it('frames of a run that waits for a worker', async () => {
  const queue = new Line();
  queue.tickets = [
    { owner: 'other', id: 'a' },
    { owner: 'other', id: 'b' },
  ];
  const { url } = await startServer({ store: storeWithoutWorkers(), queue });
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
