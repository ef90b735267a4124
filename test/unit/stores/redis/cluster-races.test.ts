import { randomUUID } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import type { RunMeta } from '../../../../src/index.js';
import type { RunLog } from '../../../../src/log/run-log.js';
import type { RedisStore } from '../../../../src/stores/redis/redis-store.js';
import { joinNode, type ListeningNode } from '../../../../src/testing/conformance/cluster-node.js';
import { metaOf } from '../../../../src/testing/conformance/run-samples.js';
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
});
