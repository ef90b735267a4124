import { randomUUID } from 'node:crypto';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { RunLog } from '../../../../src/log/run-log.js';
import type { RedisStore } from '../../../../src/stores/redis/redis-store.js';
import { joinNode, type ListeningNode } from '../../../../src/testing/conformance/cluster-node.js';
import { metaOf, text } from '../../../../src/testing/conformance/run-samples.js';
import { missingRedis, startRedis, type RedisServer } from '../../../helpers/redis.js';
import { openRedisStore } from '../../../helpers/redis-store.js';

const ASKED = { options: '{}', maxRunsOfOwner: 100, maxRunsOfConversation: 64 };
const BEAT_MS = 200;
const LEASE_MS = 1_000;

interface Node extends ListeningNode {
  readonly store: RedisStore;
}

async function startNode(redis: RedisServer, keyPrefix: string, settings: object = {}): Promise<Node> {
  let store: RedisStore | undefined;
  const node = await joinNode({
    noticeMs: LEASE_MS,
    start: async () => {
      store = await openRedisStore(redis.url, { keyPrefix, beatMs: BEAT_MS, leaseMs: LEASE_MS, ...settings });
      return { store, freeze: () => undefined, thaw: () => undefined };
    },
  });
  if (store === undefined) throw new Error('The node has no store');
  return Object.assign(node, { store });
}

async function twoNodes(redis: RedisServer, settings: object = {}): Promise<[Node, Node]> {
  const keyPrefix = `test-${randomUUID()}`;
  const nodes: [Node, Node] = [
    await startNode(redis, keyPrefix, settings),
    await startNode(redis, keyPrefix, settings),
  ];
  for (const { cluster } of nodes) await vi.waitFor(() => expect(cluster.nodes).toHaveLength(2));
  return nodes;
}

async function claim(node: Node, meta = metaOf()): Promise<{ meta: typeof meta; log: RunLog }> {
  const claimed = await node.runs.create(meta, ASKED);
  if (claimed.status !== 'created') throw new Error(claimed.status);
  await node.runs.commit();
  return { meta, log: claimed.log };
}

/** Writes an entry every few milliseconds until the end of the test. */
function keepWriting(log: RunLog): { stop(): void } {
  const timer = setInterval(() => log.append({ ...text(8), seq: log.head + 1 }), 5);
  onTestFinished(() => clearInterval(timer));
  return { stop: () => clearInterval(timer) };
}

/** What a reader at another node gets of a run, in order. */
async function follow(node: Node, { owner, id }: { owner: string; id: string }): Promise<{ seqs(): number[] }> {
  const run = await node.runs.open(owner, id);
  if (run === undefined) throw new Error('There is no run');
  let position = 0;
  const seqs: number[] = [];
  let reading = Promise.resolve();
  const take = (): void => {
    reading = reading.then(async () => {
      while (position < run.log.published) {
        for (const { firstSeq, seq } of await run.log.read(position)) {
          for (let at = firstSeq; at <= seq; at++) seqs.push(at);
          position = seq;
        }
      }
    });
    reading = reading.catch(() => setTimeout(take, 50) as unknown as undefined);
  };
  onTestFinished(run.log.onPublished(take));
  take();
  return { seqs: () => seqs };
}

const upTo = (head: number): number[] => Array.from({ length: head }, (_, i) => i + 1);

describe.skipIf(missingRedis() !== '')(`a cluster whose Redis fails${missingRedis()}`, () => {
  it('loses nothing and holds nobody for dead if Redis is killed and comes back', async () => {
    const redis = await startRedis();
    const [a, b] = await twoNodes(redis);
    const { meta, log } = await claim(a);
    const reader = await follow(b, meta);
    const writing = keepWriting(log);
    await vi.waitFor(() => expect(reader.seqs().length).toBeGreaterThan(20));
    await redis.kill();
    // Longer than a lease.
    await new Promise((resolve) => setTimeout(resolve, 2 * LEASE_MS));
    const stopped = b.cluster.stop(meta.owner, meta.id, 'requested');
    await redis.restart();
    await stopped;
    await vi.waitFor(() => expect(a.factsOf(meta)?.stop).toBe('requested'));
    await vi.waitFor(() => expect(a.cluster.isReachable && b.cluster.isReachable).toBe(true));
    writing.stop();
    await vi.waitFor(() => expect(reader.seqs()).toEqual(upTo(log.head)));
    expect(log.published).toBe(log.head);
    for (const node of [a, b]) expect([node.orphans, node.fenced, node.lost]).toEqual([[], [], 0]);
  });

  it('holds nobody for dead while Redis answers nothing', async () => {
    const redis = await startRedis();
    const [a, b] = await twoNodes(redis);
    const { meta, log } = await claim(a);
    const reader = await follow(b, meta);
    const writing = keepWriting(log);
    await vi.waitFor(() => expect(reader.seqs().length).toBeGreaterThan(5));
    redis.stop();
    await new Promise((resolve) => setTimeout(resolve, 2 * LEASE_MS));
    redis.cont();
    writing.stop();
    await vi.waitFor(() => expect(reader.seqs()).toEqual(upTo(log.head)));
    for (const node of [a, b]) expect([node.orphans, node.fenced, node.lost]).toEqual([[], [], 0]);
  });

  it('misses nothing if its subscriptions are cut again and again', async () => {
    const redis = await startRedis();
    const [a, b] = await twoNodes(redis);
    const { meta, log } = await claim(a);
    const reader = await follow(b, meta);
    const writing = keepWriting(log);
    for (let cut = 0; cut < 10; cut++) {
      const seen = reader.seqs().length;
      await redis.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
      await b.cluster.tell({ type: 'revoke', principalId: `p${cut}` });
      await vi.waitFor(() => expect(reader.seqs().length).toBeGreaterThan(seen));
    }
    await b.cluster.decide(meta.owner, meta.id, 'call', { approved: true, by: 'principal' });
    writing.stop();
    await vi.waitFor(() => expect(reader.seqs()).toEqual(upTo(log.head)));
    await vi.waitFor(() => expect(a.factsOf(meta)?.decisions).toEqual({ call: { approved: true, by: 'principal' } }));
    const events = upTo(10).map((n) => ({ type: 'revoke', principalId: `p${n - 1}` }));
    for (const node of [a, b]) await vi.waitFor(() => expect(node.events).toEqual(events));
  });

  it('tells at once that all data is lost, and goes on with new data', async () => {
    const redis = await startRedis();
    const [a, b] = await twoNodes(redis);
    const { meta } = await claim(a);
    const epochs = [a.runs.epoch, b.runs.epoch];
    await redis.call('FLUSHALL');
    for (const node of [a, b]) await vi.waitFor(() => expect(node.lost).toBeGreaterThan(0));
    await vi.waitFor(() => expect([a.runs.epoch, b.runs.epoch]).not.toContain(epochs[0]));
    expect(a.runs.epoch).toBe(b.runs.epoch);
    expect(epochs).not.toContain(a.runs.epoch);
    expect(await b.runs.open(meta.owner, meta.id)).toBeUndefined();
    // Everything works with the new data.
    const next = await claim(a);
    await b.cluster.stop(next.meta.owner, next.meta.id, 'requested');
    await vi.waitFor(() => expect(a.factsOf(next.meta)?.stop).toBe('requested'));
    await b.cluster.tell({ type: 'revoke', principalId: 'ann' });
    await vi.waitFor(() => expect(a.events).toEqual([{ type: 'revoke', principalId: 'ann' }]));
    expect([...a.orphans, ...b.orphans]).toEqual([]);
  });

  it('tells a node that was away for too long that it missed what all were told', async () => {
    const redis = await startRedis();
    const [a, b] = await twoNodes(redis);
    await a.cluster.tell({ type: 'revoke', principalId: 'first' });
    await vi.waitFor(() => expect(b.events).toHaveLength(1));
    b.store.cluster.beats = false;
    await redis.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
    const log = a.store.parts.keys.shared('control');
    // As if a thousand more had been told, and the oldest deleted.
    await redis.call('DEL', log);
    await redis.call('XADD', log, '9999999999999-0', 'n', '2000', 'e', 'not JSON');
    b.store.cluster.beats = true;
    await vi.waitFor(() => expect(b.events).toContainEqual({ type: 'missed' }));
  });

  it('tells what follows a loss of what was told last, though the clock of Redis is behind', async () => {
    const redis = await startRedis();
    const [a, b] = await twoNodes(redis);
    const log = a.store.parts.keys.shared('control');
    await a.cluster.tell({ type: 'revoke', principalId: 'kept' });
    for (const node of [a, b]) await vi.waitFor(() => expect(node.events).toHaveLength(1));
    const { connection } = a.store.parts;
    const before = await connection.sendForBytes(log, ['DUMP', log]);
    const loseWhatFollows = () => connection.send(log, ['RESTORE', log, '0', before as Buffer, 'REPLACE']);
    // Told by a third node, which ends before it can tell it again, and by the clock of a Redis that is ahead of the next one.
    await redis.call(
      'XADD',
      log,
      '9999999999999-0',
      'n',
      '2',
      'e',
      '{"id":"lost","event":{"type":"revoke","principalId":"lost"}}',
    );
    for (const node of [a, b]) await vi.waitFor(() => expect(node.events).toHaveLength(2));
    await loseWhatFollows();
    await a.cluster.tell({ type: 'revoke', principalId: 'after' });
    const principals = ['kept', 'lost', 'after'];
    const events = principals.map((principalId) => ({ type: 'revoke', principalId }));
    for (const node of [a, b]) await vi.waitFor(() => expect(node.events).toEqual(events));
    // The own entry of a node is told again, also if another one is told in its place.
    await loseWhatFollows();
    await redis.call('XADD', log, '*', 'n', '2', 'e', '{"id":"last","event":{"type":"revoke","principalId":"last"}}');
    for (const node of [a, b]) await vi.waitFor(() => expect(node.events).toHaveLength(4));
    const stored = () => connection.send(log, ['XRANGE', log, '-', '+']);
    await vi.waitFor(async () => expect(JSON.stringify(await stored())).toContain('after'));
    for (const node of [a, b]) expect(node.events.map(({ type }) => type)).not.toContain('missed');
  });

  it('tells a node that it missed something if nothing is left of what it has read', async () => {
    const redis = await startRedis();
    const [a] = await twoNodes(redis);
    const log = a.store.parts.keys.shared('control');
    await a.cluster.tell({ type: 'revoke', principalId: 'first' });
    await vi.waitFor(() => expect(a.events).toHaveLength(1));
    const late = await startNode(redis, a.store.parts.keys.prefix);
    await redis.call('DEL', log);
    await vi.waitFor(() => expect(late.events).toContainEqual({ type: 'missed' }));
    await late.cluster.tell({ type: 'revoke', principalId: 'second' });
    await vi.waitFor(() => expect(late.events).toContainEqual({ type: 'revoke', principalId: 'second' }));
    expect(late.events.filter(({ type }) => type === 'missed')).toHaveLength(1);
  });
});

describe.skipIf(missingRedis() !== '')(`a cluster that signs${missingRedis()}`, () => {
  const clusterSecret = ['the secret of this cluster'];

  it('drops what somebody without the secret has written, counts it, and logs nothing of it', async () => {
    const lines: string[] = [];
    const log = (...line: unknown[]): void => void lines.push(JSON.stringify(line));
    const logger = { debug: log, info: log, warn: log, error: log };
    const redis = await startRedis();
    const [a, b] = await twoNodes(redis, { clusterSecret, logger });
    const { meta, log: runLog } = await claim(a);
    const { base, run } = a.store.cluster.facts.placeOf(meta.owner, meta.id);
    const { keys } = a.store.parts;
    const before = a.store.parts.signer.forged.beat;
    await redis.call('HSET', keys.shared('nodes'), 'evil', '{"beat":1,"info":{"version":"evil"}}');
    await redis.call(
      'HSET',
      `${base}r:${run}`,
      'stop',
      'requested',
      'd:call',
      '{"toolCallId":"call","approved":true}',
      'f',
      '9',
    );
    await redis.call(
      'XADD',
      keys.shared('control'),
      '*',
      'n',
      '1',
      'e',
      '{"id":"x","event":{"type":"revoke","principalId":"ann"}}',
    );
    await vi.waitFor(() => expect(a.store.parts.signer.forged.beat).toBeGreaterThan(before));
    await vi.waitFor(() => expect(a.store.parts.signer.forged.fact).toBeGreaterThan(1));
    for (const node of [a, b]) await vi.waitFor(() => expect(node.store.parts.signer.forged.control).toBe(1));
    expect(a.factsOf(meta)).toEqual({ readers: {} });
    expect([...a.events, ...b.events]).toEqual([]);
    expect(a.cluster.nodes).toHaveLength(2);
    expect((await b.runs.open(meta.owner, meta.id))?.stop).toBeUndefined();
    expect(lines.join('\n')).not.toMatch(/evil|"ann"/);
    expect(lines.join('\n')).toContain('not signed');
    // A tombstone.
    const other = metaOf();
    const place = a.store.cluster.facts.placeOf(other.owner, other.id);
    await redis.call('SET', `${place.base}tomb:${place.run}`, 'requested');
    const claimed = await a.runs.create(other, ASKED);
    expect(claimed.status === 'created' && claimed.stop).toBeUndefined();
    // What is signed is accepted, of a secret that is the second one elsewhere, too.
    const c = await startNode(redis, keys.prefix, {
      clusterSecret: ['a newer secret of the cluster', ...clusterSecret],
    });
    await b.cluster.decide(meta.owner, meta.id, 'other', { approved: false, by: 'principal' });
    await vi.waitFor(() => expect(a.factsOf(meta)?.decisions).toEqual({ other: { approved: false, by: 'principal' } }));
    await a.cluster.tell({ type: 'revoke', principalId: 'bob' });
    for (const node of [a, b, c]) {
      await vi.waitFor(() => expect(node.events).toEqual([{ type: 'revoke', principalId: 'bob' }]));
    }
    const reader = await follow(c, meta);
    runLog.append({ ...text(3), seq: 1 });
    await vi.waitFor(() => expect(reader.seqs()).toEqual([1]));
    // An entry that nobody of the cluster has written, in a wake and in the log.
    const forged = '["stream_end",1,{"type":"stream_end"}]';
    const dropped = c.store.parts.signer.forged.entry;
    await redis.call('PUBLISH', keys.channel(c.cluster.nodeId), `e[["${run}",1,2,[${forged}]]]`);
    await vi.waitFor(() => expect(c.store.parts.signer.forged.entry).toBe(dropped + 1));
    await redis.call('XADD', `${base}l:${run}`, '2-0', 'e', forged);
    const found = await c.runs.open(meta.owner, meta.id);
    expect(found?.state).toBe('accepted');
    await expect(Promise.resolve(found?.log.read(1))).rejects.toThrow('not signed');
    expect(reader.seqs()).toEqual([1]);
  });

  it('acts on no order and no decision in a record that somebody without the secret has changed', async () => {
    const redis = await startRedis();
    const [a, b] = await twoNodes(redis, { clusterSecret });
    const placed = (meta: ReturnType<typeof metaOf>): string => {
      const { base, run } = a.store.cluster.facts.placeOf(meta.owner, meta.id);
      return `${base}r:${run}`;
    };
    const [asked, other] = [metaOf(), metaOf()];
    for (const meta of [asked, other]) await a.runs.create(meta, { ...ASKED, work: `"of ${meta.id}"` });
    const { meta, log } = await claim(a);
    log.append({ ...text(3), seq: 1 });
    a.runs.setState(meta.owner, meta.id, 'waiting_approval', '{"approvals":[]}');
    await a.runs.commit();
    expect(await b.runs.open(meta.owner, meta.id)).toMatchObject({ checkpoint: '{"approvals":[]}' });
    expect(await b.runs.open(asked.owner, asked.id)).toMatchObject({ work: `"of ${asked.id}"` });

    await redis.call('HSET', placed(meta), 'checkpoint', JSON.stringify('{"approvals":[{"decision":"yes"}]}'));
    // The order of another run, as Redis has it: a string in the form `$<length>\r\n<text>\r\n`.
    const [, order = ''] = (await redis.call('HGET', placed(other), 'work')).split('\r\n');
    await redis.call('HSET', placed(asked), 'work', order);
    const c = await startNode(redis, a.store.parts.keys.prefix, { clusterSecret });
    expect((await c.runs.open(meta.owner, meta.id))?.checkpoint).toBeUndefined();
    expect((await c.runs.open(asked.owner, asked.id))?.work).toBeUndefined();
    expect((await c.runs.open(other.owner, other.id))?.work).toBe(`"of ${other.id}"`);
    expect(c.store.parts.signer.forged.record).toBe(2);
  });
});
