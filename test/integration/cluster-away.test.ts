import { randomUUID } from 'node:crypto';
import { createClient } from '@redis/client';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
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

  it.each([
    ['asks for a password', ['CONFIG', 'SET', 'requirepass', 'secret'], ['CONFIG', 'SET', 'requirepass', '']],
    [
      'takes a right from its user',
      ['ACL', 'SETUSER', 'default', '-evalsha'],
      ['ACL', 'SETUSER', 'default', '+evalsha'],
    ],
    ['takes a right from its scripts', ['ACL', 'SETUSER', 'default', '-xadd'], ['ACL', 'SETUSER', 'default', '+xadd']],
  ])('loses nothing of an answer while its Redis %s', async (_, fault, repair) => {
    const redis = await startRedis();
    // Whoever is connected stays so.
    await redis.call('ACL', 'SETUSER', 'operator', 'on', 'nopass', '~*', '+@all');
    const operator = createClient({ url: redis.url, username: 'operator', password: 'any' });
    await operator.connect();
    onTestFinished(() => operator.destroy());
    let goOn: () => void = () => undefined;
    const waits = new Promise<void>((resolve) => (goOn = resolve));
    const provider = createScriptedProvider(['Hel', waits, 'lo']);
    const logger = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() };
    const [node] = await startNodes(redis.url, 1, { server: () => ({ provider, logger }), store: { logger } });
    const client = await TestClient.connect(node?.url ?? '', { timeoutMs: 30_000 });
    const id = randomUUID();
    client.send({ type: 'streaming_query', query: 'Hi', run_id: id, conversation_id: 'c' });
    await client.next('stream_chunk');
    await operator.sendCommand(fault);
    await operator.sendCommand(['CLIENT', 'KILL', 'TYPE', 'normal']);
    goOn();
    const told = [expect.anything(), 'Redis does not answer: writes wait'] as const;
    await vi.waitFor(() => expect(logger.warn).toHaveBeenCalledWith(...told));
    await operator.sendCommand(repair);
    await client.next('stream_end');
    expect(client.text(id)).toBe('Hello');
    expect(logger.error).not.toHaveBeenCalled();
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
