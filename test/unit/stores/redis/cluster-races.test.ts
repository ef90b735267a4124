import { randomUUID } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import type { RunMeta } from '../../../../src/index.js';
import type { RunLog } from '../../../../src/log/run-log.js';
import { CLAIM } from '../../../../src/stores/redis/scripts/claim.js';
import { ADOPT } from '../../../../src/stores/redis/scripts/facts.js';
import type { RedisStore } from '../../../../src/stores/redis/redis-store.js';
import { joinNode, type ListeningNode } from '../../../../src/testing/conformance/cluster-node.js';
import { metaOf, text } from '../../../../src/testing/conformance/run-samples.js';
import { missingRedis, redisOfFile } from '../../../helpers/redis.js';
import { openRedisStore } from '../../../helpers/redis-store.js';

const ASKED = { options: '{}', maxRunsOfOwner: 100, maxRunsOfConversation: 64 };
const TIMES = { beatMs: 200, leaseMs: 1_000 };

interface Node extends ListeningNode {
  readonly store: RedisStore;
}

const inConversation = (): RunMeta => ({ ...metaOf(), conversationId: 'c' });

async function claim(node: Node, meta: RunMeta, asked = ASKED): Promise<RunLog> {
  const claimed = await node.runs.create(meta, asked);
  if (claimed.status !== 'created') throw new Error(claimed.status);
  await node.runs.commit();
  return claimed.log;
}

/** Ends a run as the engine does. */
function end(node: Node, { owner, id }: RunMeta, log: RunLog): void {
  const seq = log.head + 1;
  const encoded = JSON.stringify({ type: 'stream_end', timestamp: seq, run_id: id, seq });
  log.append({ type: 'stream_end', seq, timestamp: seq, encoded });
  node.runs.setState(owner, id, 'finished');
}

describe.skipIf(missingRedis() !== '')(`nodes at the same moment${missingRedis()}`, () => {
  const redis = redisOfFile();

  async function startNode(keyPrefix: string): Promise<Node> {
    const store = await openRedisStore(redis.url, { keyPrefix, ...TIMES });
    const node = await joinNode({
      noticeMs: TIMES.leaseMs,
      start: () => Promise.resolve({ store, freeze: () => undefined, thaw: () => undefined }),
    });
    return Object.assign(node, { store });
  }

  async function twoNodes(): Promise<[Node, Node]> {
    const keyPrefix = `test-${randomUUID()}`;
    const nodes: [Node, Node] = [await startNode(keyPrefix), await startNode(keyPrefix)];
    for (const { cluster } of nodes) await vi.waitFor(() => expect(cluster.nodes).toHaveLength(2));
    return nodes;
  }

  /** Lets Redis lose the last entries of a log, as at its end. */
  async function loseAfter(node: Node, { owner, id }: RunMeta, last: number, head: number): Promise<void> {
    const { base, run } = node.store.cluster.facts.placeOf(owner, id);
    const key = `${base}l:${run}`;
    const { connection } = node.store.parts;
    for (let seq = last + 1; seq <= head; seq++) await connection.send(key, ['XDEL', key, `${seq}-0`]);
    await connection.send(key, ['XSETID', key, `${last}-0`]);
  }

  it('starts a run in its turn though nobody could tell its node', async () => {
    const [a, b] = await twoNodes();
    const [first, second] = [inConversation(), inConversation()];
    const log = await claim(a, first);
    await claim(b, second);
    b.runs.setState(second.owner, second.id, 'queued');
    await b.runs.commit();
    // Nothing arrives, and nothing is noticed as lost.
    const deaf = vi.spyOn(b.store.parts.hosted, 'get').mockReturnValue(undefined);
    end(a, first, log);
    await a.runs.commit();
    await vi.waitFor(async () => expect(await b.cluster.inProgress(second.owner, 'c')).toHaveLength(1));
    deaf.mockRestore();
    await vi.waitFor(() => expect(b.turns).toContain(second.id));
  });

  it('starts a run in its turn that came before its node knew the run', async () => {
    const [a, b] = await twoNodes();
    const [first, second] = [inConversation(), inConversation()];
    const log = await claim(a, first);
    await b.runs.create(second, ASKED);
    // The engine does not know the run yet.
    b.store.cluster.beats = false;
    const deaf = vi.spyOn(b.store.parts.hosted, 'get').mockReturnValue(undefined);
    end(a, first, log);
    await a.runs.commit();
    await a.cluster.tell({ type: 'revoke', principalId: 'after the turn' });
    await vi.waitFor(() => expect(b.events).toHaveLength(1));
    deaf.mockRestore();
    expect(b.turns).toEqual([]);
    b.runs.setState(second.owner, second.id, 'queued');
    await b.runs.commit();
    expect(b.turns).toEqual([second.id]);
  });

  it('sends readers away, and nobody else, if a new host writes in place of what they have read', async () => {
    const [a, b] = await twoNodes();
    const meta = metaOf();
    const log = await claim(a, meta);
    for (let seq = 1; seq <= 10; seq++) log.append({ ...text(3), seq });
    const followed = await b.runs.open(meta.owner, meta.id);
    followed?.log.onPublished(() => undefined);
    await vi.waitFor(() => expect(followed?.log.published).toBe(10));
    // Redis loses its last moment, and the host with it.
    a.store.cluster.beats = false;
    await loseAfter(b, meta, 5, 10);
    await vi.waitFor(() => expect(b.orphans).toHaveLength(1), { timeout: 10_000 });
    end(b, meta, b.orphans[0]?.log as RunLog);
    await vi.waitFor(() => expect(b.unreadable).toContain(meta.id));
    expect(b.fenced).toEqual([]);
    expect((await b.runs.open(meta.owner, meta.id))?.state).toBe('finished');
  });

  it('takes over a run though the answer of Redis that says so is lost', async () => {
    const [a, b] = await twoNodes();
    const meta = metaOf();
    await claim(a, meta);
    vi.spyOn(ADOPT, 'run').mockImplementationOnce(async (...given) => {
      await ADOPT.run(...given);
      throw new Error('The socket is closed');
    });
    a.store.cluster.beats = false;
    await vi.waitFor(() => expect(b.orphans.map(({ meta: { id } }) => id)).toEqual([meta.id]), { timeout: 10_000 });
  });

  it('ends a run once whose host died between the last message and the end', async () => {
    const [a, b] = await twoNodes();
    const meta = inConversation();
    const log = await claim(a, meta);
    vi.spyOn(a.runs, 'setState').mockReturnValue(undefined);
    end(a, meta, log);
    await a.runs.commit();
    expect(await b.cluster.inProgress(meta.owner, 'c')).toHaveLength(1);
    a.store.cluster.beats = false;
    await vi.waitFor(async () => expect(await b.cluster.inProgress(meta.owner, 'c')).toEqual([]), { timeout: 10_000 });
    expect(b.orphans).toEqual([]);
    const run = await b.runs.open(meta.owner, meta.id);
    expect(run).toMatchObject({ state: 'finished', log: { published: 1 } });
  });

  it('sends readers away if the host itself begins anew, since it cannot write again what is lost', async () => {
    const [a, b] = await twoNodes();
    const meta = metaOf();
    const log = await claim(a, meta);
    for (let seq = 1; seq <= 10; seq++) log.append({ ...text(3), seq });
    const followed = await b.runs.open(meta.owner, meta.id);
    followed?.log.onPublished(() => undefined);
    await vi.waitFor(() => expect(followed?.log.published).toBe(10));
    const { hosted } = a.store.parts;
    const run = hosted.get(a.store.cluster.facts.placeOf(meta.owner, meta.id).run);
    if (run === undefined) throw new Error('The run has no host');
    await loseAfter(a, meta, 5, 10);
    a.store.parts.onBroken(run);
    await vi.waitFor(() => expect(a.orphans).toHaveLength(1));
    end(a, meta, a.orphans[0]?.log as RunLog);
    await vi.waitFor(() => expect(b.unreadable).toContain(meta.id));
  });

  it('tells what is wanted of a run though Redis could not say it at first', async () => {
    const [a, b] = await twoNodes();
    const meta = metaOf();
    const log = await claim(a, meta);
    log.append({ ...text(3), seq: 1 });
    await a.runs.commit();
    vi.spyOn(a.store.cluster.facts, 'look')
      .mockRejectedValueOnce(new Error('The socket is closed'))
      .mockRejectedValueOnce(new Error('The socket is closed'));
    await b.cluster.stop(meta.owner, meta.id, 'requested');
    await vi.waitFor(() => expect(a.factsOf(meta)?.stop).toBe('requested'));
  });

  it('does not count a dead node as a reader that another node has removed already', async () => {
    const [a, b] = await twoNodes();
    const meta = metaOf();
    await claim(a, meta);
    b.cluster.read(meta.owner, meta.id, { lags: true, canReturn: true });
    await vi.waitFor(() => expect(Object.keys(a.factsOf(meta)?.readers ?? {})).toEqual([b.cluster.nodeId]));
    b.store.cluster.beats = false;
    const nodes = a.store.parts.keys.shared('nodes');
    await a.store.parts.connection.send(nodes, ['HDEL', nodes, b.cluster.nodeId]);
    await vi.waitFor(() => expect(a.factsOf(meta)?.readers).toEqual({}));
  });

  it('finds the run of another node if it has taken over a claim whose answer was lost', async () => {
    const [a, b] = await twoNodes();
    const meta = metaOf();
    vi.spyOn(CLAIM, 'run').mockImplementationOnce(async (...given) => {
      await CLAIM.run(...given);
      const place = b.store.cluster.facts.placeOf(meta.owner, meta.id);
      await b.store.cluster.facts.adopt([place], a.cluster.nodeId, b.cluster.nodeId);
      throw new Error('The socket is closed');
    });
    expect(await a.runs.create(meta, ASKED)).toMatchObject({ status: 'existing', run: { host: b.cluster.nodeId } });
  });

  it('finds an ended run that is claimed again', async () => {
    const [a, b] = await twoNodes();
    const meta = metaOf();
    end(a, meta, await claim(a, meta));
    await a.runs.commit();
    for (const node of [a, b]) {
      expect(await node.runs.create(meta, ASKED)).toMatchObject({ status: 'existing', run: { state: 'finished' } });
    }
  });

  it('rejects every commit that waits for a claim which does not count', async () => {
    const [a] = await twoNodes();
    const meta = metaOf();
    await a.runs.create(meta, ASKED);
    vi.spyOn(a.store.parts.queue, 'commit').mockRejectedValueOnce(new Error('Redis does not answer'));
    const commits = await Promise.allSettled([a.runs.commit(), a.runs.commit()]);
    expect(commits.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await a.runs.commit();
    expect(await a.runs.open(meta.owner, meta.id)).toBeUndefined();
  });

  it('joins its cluster though Redis does not answer at first', async () => {
    const store = await openRedisStore(redis.url, TIMES);
    vi.spyOn(store.parts.connection, 'send').mockRejectedValueOnce(new Error('The socket is closed'));
    const node = await joinNode({
      noticeMs: TIMES.leaseMs,
      start: () => Promise.resolve({ store, freeze: () => undefined, thaw: () => undefined }),
    });
    await vi.waitFor(() => expect(node.cluster.nodes).toHaveLength(1));
    await node.cluster.tell({ type: 'revoke', principalId: 'p' });
    await vi.waitFor(() => expect(node.events).toContainEqual({ type: 'revoke', principalId: 'p' }));
  });

  it('keeps nothing of attempts that were made again', async () => {
    const [a] = await twoNodes();
    const { outage } = a.store.parts;
    await Promise.all([outage.pause(''), outage.pause('')]);
    expect(outage.waiting).toBe(0);
  });

  it('is not the host of a run before it has taken it over', async () => {
    const [a, b] = await twoNodes();
    const meta = metaOf();
    await claim(a, meta);
    // What Redis answers is still on its way.
    await b.store.cluster.facts.adopt(
      [b.store.cluster.facts.placeOf(meta.owner, meta.id)],
      a.cluster.nodeId,
      b.cluster.nodeId,
    );
    expect((await b.runs.open(meta.owner, meta.id))?.host).not.toBe(b.cluster.nodeId);
  });
});
