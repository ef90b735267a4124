import { createSentinel } from '@redis/client';
import { randomUUID } from 'node:crypto';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { RunLog } from '../../../../src/log/run-log.js';
import { createRedisStore } from '../../../../src/stores/redis.js';
import type { Store } from '../../../../src/store/store.js';
import { joinNode, type ListeningNode } from '../../../../src/testing/conformance/cluster-node.js';
import { metaOf, text } from '../../../../src/testing/conformance/run-samples.js';
import { FaultProxy } from '../../../../src/testing/index.js';
import { untilLinked, untilReplicated } from '../../../helpers/failover.js';
import { missingRedis, startRedis } from '../../../helpers/redis.js';
import { MASTER, startSentinel } from '../../../helpers/sentinel.js';

const PASSWORD = 'a-password-of-redis';
const ASKED = { options: '{}', maxRunsOfOwner: 100, maxRunsOfConversation: 64 };
const PATIENCE = { timeout: 30_000 };

/** A node whose client knows only a Sentinel. */
async function startNode(port: number, keyPrefix: string): Promise<ListeningNode & { store: Store }> {
  const client = createSentinel({
    name: MASTER,
    sentinelRootNodes: [{ host: '127.0.0.1', port }],
    nodeClientOptions: { password: PASSWORD },
    masterPoolSize: 3,
  });
  const store = await createRedisStore({ client, keyPrefix, beatMs: 200, leaseMs: 10_000, logger: false });
  onTestFinished(() => store.close());
  const start = () => Promise.resolve({ store, freeze: () => undefined, thaw: () => undefined });
  return Object.assign(await joinNode({ noticeMs: 10_000, start }), { store });
}

/** Every entry that a reader gets, in order. */
async function follow(node: ListeningNode, { owner, id }: { owner: string; id: string }): Promise<number[]> {
  const run = await node.runs.open(owner, id);
  if (run === undefined) throw new Error('There is no run');
  const seqs: number[] = [];
  let isReading = false;
  const read = async (): Promise<void> => {
    if (isReading) return;
    isReading = true;
    try {
      while ((seqs.at(-1) ?? 0) < run.log.published) {
        for (const entry of await run.log.read(seqs.at(-1) ?? 0)) {
          for (let seq = entry.firstSeq; seq <= entry.seq; seq++) seqs.push(seq);
        }
      }
    } catch {
      setTimeout(() => void read(), 50);
    } finally {
      isReading = false;
    }
  };
  onTestFinished(run.log.onPublished(() => void read()));
  return seqs;
}

function keepWriting(log: RunLog): () => void {
  const timer = setInterval(() => log.append({ ...text(8), seq: log.head + 1 }), 5);
  onTestFinished(() => clearInterval(timer));
  return () => clearInterval(timer);
}

describe.skipIf(missingRedis() !== '')(`a store behind Sentinel${missingRedis()}`, () => {
  it('writes again what a failover has lost: every reader gets every entry once', { timeout: 60_000 }, async () => {
    const settings = { requirepass: PASSWORD, masterauth: PASSWORD, 'repl-diskless-sync-delay': '0' };
    const [master, replica] = [await startRedis({ settings }), await startRedis({ settings })];
    // What the proxy holds back is lost with the master.
    const proxy = await FaultProxy.start({ target: master.port });
    onTestFinished(() => proxy.close());
    await replica.call('REPLICAOF', '127.0.0.1', String(proxy.port));
    await untilLinked(replica);
    const sentinel = await startSentinel(master, PASSWORD);
    const keyPrefix = `test-${randomUUID().slice(0, 8)}`;
    const [a, b] = [await startNode(sentinel.port, keyPrefix), await startNode(sentinel.port, keyPrefix)];
    const meta = metaOf();
    const claimed = await a.runs.create(meta, ASKED);
    if (claimed.status !== 'created') throw new Error(claimed.status);
    const { log } = claimed;
    const readers = [await follow(a, meta), await follow(b, meta)];
    const stopWriting = keepWriting(log);
    const untilRead = (count: number) =>
      vi.waitUntil(() => readers.every((seqs) => seqs.length > count), { ...PATIENCE, interval: 20 });
    await untilRead(20);
    await untilReplicated(master, replica);
    proxy.stall();
    // 300 ms of entries, or more, that only the master has.
    const lostFrom = log.head;
    await untilRead(lostFrom + 60);
    const known = Math.max(...readers.map((seqs) => seqs.length));
    await master.kill();
    proxy.cutAll('rst');
    await untilRead(known + 100);
    stopWriting();
    const all = Array.from({ length: log.head }, (_, i) => i + 1);
    for (const seqs of readers) await vi.waitUntil(() => seqs.length >= all.length, PATIENCE);
    for (const seqs of readers) expect(seqs).toEqual(all);
    for (const node of [a, b]) expect([node.orphans, node.fenced, node.lost]).toEqual([[], [], 0]);
    expect(await replica.call('INFO', 'replication')).toContain('role:master');
    // Wakes arrive over the new master.
    await b.cluster.stop(meta.owner, meta.id, 'requested');
    await vi.waitUntil(() => a.factsOf(meta)?.stop === 'requested', PATIENCE);
  });
});
