import { randomUUID } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import { createScriptedProvider, TestClient } from '../../src/testing/index.js';
import { startNodes } from '../helpers/cluster.js';
import { missingRedis, startRedis } from '../helpers/redis.js';

describe.skipIf(missingRedis() !== '')(`a node whose Redis is away${missingRedis()}`, () => {
  it.each(['killed', 'stopped'])('answers pings, and ends, though its Redis is %s', async (how) => {
    const redis = await startRedis();
    const provider = createScriptedProvider(['Hel', new Promise(() => undefined)]);
    const [node] = await startNodes(redis.url, 1, { server: () => ({ provider }) });
    if (node === undefined) throw new Error('There is no node');
    const [reads, asks] = [await TestClient.connect(node.url), await TestClient.connect(node.url)];
    reads.send({ type: 'streaming_query', query: 'Hi', run_id: randomUUID(), conversation_id: 'c' });
    await reads.next('stream_chunk');
    if (how === 'killed') await redis.kill();
    else redis.stop();
    // Requests whose outcome depends on Redis wait, and hold up nothing else.
    asks.send({ type: 'streaming_query', query: 'Hi', run_id: randomUUID() });
    asks.send({ type: 'cancel', run_id: randomUUID() });
    reads.send({ type: 'ping' });
    await reads.next('pong');
    await vi.waitFor(async () => expect((await fetch(`${node.origin}/readyz`)).status).toBe(503), { timeout: 20_000 });
    if (how === 'killed') {
      const error = await asks.next('error');
      expect(error.code).toBe('store_unavailable');
      expect(JSON.stringify(error)).not.toMatch(/127\.0\.0\.1|ECONN|\{t?\d/u);
    }
    // The claim of a request that Redis may have got waits for its outcome.
    const from = performance.now();
    await node.agent.close();
    await node.store.close();
    expect(performance.now() - from).toBeLessThan(20_000);
    if (how === 'stopped') redis.cont();
  });

  it('lives on if it is told meanwhile that the process of another node has ended', async () => {
    const redis = await startRedis();
    const logger = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() };
    const [node] = await startNodes(redis.url, 1, { store: { logger } });
    await redis.kill();
    const [id, later] = [randomUUID(), 'The runs of a node that has ended are taken over later'];
    await node?.store.cluster?.reap?.(id);
    expect(logger.warn).toHaveBeenCalledWith(expect.objectContaining({ node: id }), later);
  });
});
