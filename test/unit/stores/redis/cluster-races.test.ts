import { randomUUID } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import type { RunMeta } from '../../../../src/index.js';
import type { RunLog } from '../../../../src/log/run-log.js';
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
    const { base, run } = b.store.cluster.facts.placeOf(meta.owner, meta.id);
    const key = `${base}l:${run}`;
    const { connection } = b.store.parts;
    for (let seq = 6; seq <= 10; seq++) await connection.send(key, ['XDEL', key, `${seq}-0`]);
    await connection.send(key, ['XSETID', key, '5-0']);
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
});
