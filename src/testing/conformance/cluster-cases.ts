import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { ClusterEvent, NodeReading } from '../../store/cluster.js';
import type { ClaimRequest, RunMeta, StoredRun } from '../../store/run-store.js';
import { joinNode, type ClusterNodes, type ListeningNode } from './cluster-node.js';
import type { ConformanceCase } from './conformance-case.js';
import { eventually } from './eventually.js';
import { metaOf, text } from './run-samples.js';
import { untilPublished } from './until-published.js';

const ASKED: ClaimRequest = { options: '{"a":1}', maxRunsOfOwner: 100, maxRunsOfConversation: 64 };
const WORK: ClaimRequest = { ...ASKED, work: '{"do":"it"}' };
const READS: NodeReading = { lags: false, canReturn: true };

/** The terminal message of a run, as its host writes it. */
const END = { type: 'stream_end', timestamp: 2, encoded: '{"type":"stream_end","seq":2}' } as const;

/**
 * The requirements of a {@link Cluster}, with the stores of several nodes.
 * @param make - creates what starts the nodes of a new cluster
 */
export function clusterCases(make: () => ClusterNodes | Promise<ClusterNodes>): ConformanceCase[] {
  function define(name: string, count: number, check: (...nodes: ListeningNode[]) => Promise<void>): ConformanceCase {
    return {
      name,
      run: async () => {
        const cluster = await make();
        const nodes: ListeningNode[] = [];
        try {
          while (nodes.length < count) nodes.push(await joinNode(cluster));
          // Everybody knows everybody.
          for (const node of nodes) {
            await eventually(() => assert.equal(node.cluster.nodes.length, count));
          }
          await check(...nodes);
        } finally {
          for (const node of nodes) await node.end();
          await cluster.close?.();
        }
      },
    };
  }

  return [
    define('knows the nodes that live, and how they describe themselves', 2, async (a, b) => {
      assert.notEqual(a.cluster.nodeId, b.cluster.nodeId);
      assert(a.cluster.isReachable);
      b.info = { ...b.info, connections: 7, draining: true };
      b.cluster.announce();
      await eventually(() => {
        const seen = a.cluster.nodes.find(({ id }) => id === b.cluster.nodeId);
        assert.deepEqual(seen, { id: b.cluster.nodeId, ...b.info });
      });
      await b.cluster.leave();
      await eventually(() => assert.deepEqual(ids(a), [a.cluster.nodeId]));
    }),
    define('shows a run of one node to the others, its entries as they are published', 2, async (a, b) => {
      const meta = metaOf();
      const log = await claim(a, meta);
      log.append(text(3));
      await untilPublished(log, 1);
      const run = await b.runs.open(meta.owner, meta.id);
      assert.equal(run?.host, a.cluster.nodeId);
      assert.equal(run.options, ASKED.options);
      const isPublished = untilPublished(run.log, 3);
      log.append({ ...text(4), seq: 2 });
      log.append({ ...END, seq: 3 });
      a.runs.setState(meta.owner, meta.id, 'finished');
      await isPublished;
      assert.equal(run.state, 'finished');
      const entries = await run.log.read(0);
      assert.equal(entries.at(-1)?.seq, 3);
    }),
    define('claims an id once on all nodes', 4, async (...nodes) => {
      const meta = metaOf();
      const claims = await Promise.all(nodes.map(async ({ runs }) => await runs.create(meta, ASKED)));
      assert.equal(claims.filter(({ status }) => status === 'created').length, 1);
      assert.equal(claims.filter(({ status }) => status === 'existing').length, 3);
    }),
    define('gives a run without a host to exactly one of all who ask for it', 4, async (...nodes) => {
      const meta = metaOf();
      const [first] = nodes;
      assert(first !== undefined);
      await claim(first, meta, WORK);
      assert.equal((await first.runs.open(meta.owner, meta.id))?.host || undefined, undefined);
      const asked = Array.from({ length: 20 }, async (_, i) => {
        return await nodes[i % nodes.length]?.cluster.adopt(meta.owner, meta.id);
      });
      const given = (await Promise.all(asked)).filter((run) => run !== undefined);
      assert.equal(given.length, 1);
      const [run] = given;
      assert(run !== undefined);
      assert.equal(run.work, WORK.work);
      assert.equal(run.options, WORK.options);
      assert.equal(run.log.head, 0);
      const orphans = nodes.flatMap((node) => node.orphans.map((orphan) => ({ node, host: orphan.host })));
      assert.equal(orphans.length, 1);
      assert.equal(orphans[0]?.host, orphans[0]?.node.cluster.nodeId);
      // Whoever has it writes, and nobody else does.
      run.log.append(text(2));
      await untilPublished(run.log, 1);
    }),
    define('gives no run away that has a host or is over', 2, async (a, b) => {
      const [running, over] = [metaOf(), metaOf()];
      await claim(a, running);
      await claim(a, over);
      a.runs.setState(over.owner, over.id, 'finished');
      await a.runs.commit();
      assert.equal(await b.cluster.adopt(running.owner, running.id), undefined);
      assert.equal(await b.cluster.adopt(over.owner, over.id), undefined);
      assert.equal(await b.cluster.adopt('ann', randomUUID()), undefined);
      assert.deepEqual(b.orphans, []);
    }),
    define('brings a wish to stop to the host; the first one counts', 2, async (a, b) => {
      const meta = metaOf();
      await claim(a, meta);
      await b.cluster.stop(meta.owner, meta.id, 'requested');
      await eventually(() => assert.equal(a.factsOf(meta)?.stop, 'requested'));
      await b.cluster.stop(meta.owner, meta.id, 'abandoned');
      await a.cluster.stop(meta.owner, meta.id, 'abandoned');
      assert.equal((await b.runs.open(meta.owner, meta.id))?.stop, 'requested');
      assert.equal(a.factsOf(meta)?.stop, 'requested');
      assert.equal(b.factsOf(meta), undefined);
    }),
    define('remembers the stop of a run that comes later', 2, async (a, b) => {
      const meta = metaOf();
      await b.cluster.stop(meta.owner, meta.id, 'requested');
      const claimed = await a.runs.create(meta, ASKED);
      assert(claimed.status === 'created');
      assert.equal(claimed.stop, 'requested');
      // For this one only.
      const other = await a.runs.create(metaOf(meta.id, 'bob'), ASKED);
      assert(other.status === 'created');
      assert.equal(other.stop, undefined);
    }),
    define('stops a run that no node has begun', 2, async (a, b) => {
      const meta = metaOf();
      await claim(a, meta, WORK);
      await b.cluster.stop(meta.owner, meta.id, 'requested');
      await eventually(() => assert.equal(a.orphans.length + b.orphans.length, 1));
      const run = [...a.orphans, ...b.orphans][0];
      assert.equal(run?.meta.id, meta.id);
      assert.equal(run.stop, 'requested');
    }),
    define('brings decisions to the host; the first one of each call counts', 2, async (a, b) => {
      const meta = metaOf();
      await claim(a, meta);
      await b.cluster.decide(meta.owner, meta.id, 'call 1', { approved: true, by: 'principal' });
      await a.cluster.decide(meta.owner, meta.id, 'call 1', { approved: false, by: 'principal', reason: 'late' });
      await b.cluster.decide(meta.owner, meta.id, '__proto__', {
        approved: false,
        by: 'principal',
        reason: 'no: "\ud800"',
      });
      await eventually(() => {
        const decisions = new Map(Object.entries(a.factsOf(meta)?.decisions ?? {}));
        assert.deepEqual(decisions.get('call 1'), { approved: true, by: 'principal' });
        assert.deepEqual(decisions.get('__proto__'), { approved: false, by: 'principal', reason: 'no: "\ud800"' });
      });
    }),
    define('tells the host which nodes read a run, and how', 3, async (a, b, c) => {
      const meta = metaOf();
      await claim(a, meta);
      b.cluster.read(meta.owner, meta.id, READS);
      c.cluster.read(meta.owner, meta.id, { lags: true, canReturn: false });
      await eventually(() =>
        assert.deepEqual(a.factsOf(meta)?.readers, {
          [b.cluster.nodeId]: READS,
          [c.cluster.nodeId]: { lags: true, canReturn: false },
        }),
      );
      b.cluster.read(meta.owner, meta.id, { lags: true, canReturn: true });
      c.cluster.read(meta.owner, meta.id, undefined);
      await eventually(() =>
        assert.deepEqual(a.factsOf(meta)?.readers, { [b.cluster.nodeId]: { lags: true, canReturn: true } }),
      );
    }),
    define('tells the host that a node which reads a run is dead', 2, async (a, b) => {
      const meta = metaOf();
      await claim(a, meta);
      b.cluster.read(meta.owner, meta.id, READS);
      await eventually(() => assert.deepEqual(a.factsOf(meta)?.readers, { [b.cluster.nodeId]: READS }));
      b.freeze();
      await eventually(() => assert.deepEqual(a.factsOf(meta)?.readers, {}), a.patienceMs);
    }),
    define(
      'gives the runs of a dead node to one of the others, and refuses what it writes later',
      3,
      async (a, b, c) => {
        const [meta, waiting] = [metaOf(), metaOf()];
        const log = await claim(a, meta);
        log.append(text(3));
        a.runs.keepDraft(meta.owner, meta.id, 'a draft: \ud800\n');
        a.runs.setState(meta.owner, meta.id, 'running');
        await claim(a, waiting);
        a.runs.setState(waiting.owner, waiting.id, 'waiting_approval', '{"check":"\ud800"}');
        await a.runs.commit();
        await b.cluster.stop(meta.owner, meta.id, 'requested');
        a.freeze();
        await eventually(() => assert.equal(b.orphans.length + c.orphans.length, 2), b.patienceMs);
        const living = [b.cluster.nodeId, c.cluster.nodeId].sort();
        await eventually(() => assert.deepEqual(ids(b), living), b.patienceMs);
        const taken = [...b.orphans, ...c.orphans];
        const run = taken.find(({ meta: { id } }) => id === meta.id);
        assert.deepEqual(run?.meta, meta);
        assert.equal(run.state, 'running');
        assert.equal(run.stop, 'requested');
        assert.equal(run.draft, 'a draft: \ud800\n');
        assert.equal(run.log.published, 1);
        const parked = taken.find(({ meta: { id } }) => id === waiting.id);
        assert.equal(parked?.state, 'waiting_approval');
        assert.equal(parked.checkpoint, '{"check":"\ud800"}');
        // The new host ends it, and the old one is told at its next write, which is not made.
        log.append({ ...text(9), seq: 2 });
        a.runs.setState(meta.owner, meta.id, 'finished');
        await eventually(() => assert.deepEqual(a.fenced, [meta.id]));
        run.log.append({ ...END, seq: 2 });
        const host = b.orphans.includes(run) ? b : c;
        host.runs.setState(meta.owner, meta.id, 'interrupted');
        await host.runs.commit();
        const other = host === b ? c : b;
        const stored = await other.runs.open(meta.owner, meta.id);
        assert.equal(stored?.state, 'interrupted');
        assert.equal(stored.log.published, 2);
        assert.equal((await stored.log.read(1))[0]?.type, 'stream_end');
        // It lives after all: nothing more happens to its runs, which it has no more.
        assert.equal(b.orphans.length + c.orphans.length, 2);
      },
    ),
    define('lets a node that counted as dead come back', 2, async (a, b) => {
      a.freeze();
      await eventually(() => assert.deepEqual(ids(b), [b.cluster.nodeId]), b.patienceMs);
      a.thaw();
      await eventually(() => assert.equal(b.cluster.nodes.length, 2));
      const meta = metaOf();
      await claim(a, meta);
      await b.cluster.stop(meta.owner, meta.id, 'requested');
      await eventually(() => assert.equal(a.factsOf(meta)?.stop, 'requested'));
      assert.deepEqual(b.orphans, []);
    }),
    define('gives the runs of a node that leaves to another one at once', 2, async (a, b) => {
      const meta = metaOf();
      await claim(a, meta);
      a.runs.setState(meta.owner, meta.id, 'waiting_approval', '{}');
      await a.runs.commit();
      const begin = performance.now();
      await a.cluster.leave();
      await eventually(() => assert.equal(b.orphans.length, 1), b.patienceMs);
      assert(performance.now() - begin < b.patienceMs / 2, 'as late as those of a dead node');
      assert.equal(b.orphans[0]?.checkpoint, '{}');
      assert.equal(b.orphans[0].host, b.cluster.nodeId);
    }),
    define('gives the runs of a node to another one whose process is known to have ended', 2, async (a, b) => {
      if (b.cluster.reap === undefined) return;
      const meta = metaOf();
      await claim(a, meta);
      a.freeze();
      await b.cluster.reap(a.cluster.nodeId);
      await eventually(() => assert.equal(b.orphans[0]?.meta.id, meta.id));
    }),
    define('tells every node an event, in one order', 3, async (a, b, c) => {
      const events: ClusterEvent[] = [
        { type: 'revoke', principalId: 'ann\ud800' },
        { type: 'broadcast', encoded: '{"type":"x"}' },
        { type: 'revoke', principalId: 'bob' },
      ];
      for (const event of events) await a.cluster.tell(event);
      for (const node of [a, b, c]) await eventually(() => assert.deepEqual(node.events, events));
      const late = await joinNode(a.made);
      try {
        await b.cluster.tell({ type: 'revoke', principalId: 'cy' });
        // What was told before it joined concerns nobody who is connected there.
        await eventually(() => assert.deepEqual(late.events, [{ type: 'revoke', principalId: 'cy' }]));
      } finally {
        await late.end();
      }
    }),
    define('tells whoever watches a conversation of runs that others create there', 2, async (a, b) => {
      const [before, first, second] = [1, 2, 3].map(() => ({ ...metaOf(), conversationId: 'talk \ud800' }));
      assert(before !== undefined && first !== undefined && second !== undefined);
      await claim(a, before);
      b.cluster.watch('ann', 'talk \ud800', true);
      const listed = await b.cluster.inProgress('ann', 'talk \ud800');
      assert.deepEqual(
        listed.map(({ meta: { id } }) => id),
        [before.id],
      );
      await claim(a, first);
      await claim(a, { ...metaOf(), conversationId: 'another' });
      await eventually(() =>
        assert.deepEqual(
          b.created.map(({ meta: { id } }) => id),
          [first.id],
        ),
      );
      assert.equal(b.created[0]?.host, a.cluster.nodeId);
      b.cluster.watch('ann', 'talk \ud800', false);
      // Written in the order of the calls.
      await b.cluster.inProgress('ann', 'talk \ud800');
      await claim(a, second);
      b.cluster.watch('ann', 'talk \ud800', true);
      await b.cluster.tell({ type: 'revoke', principalId: 'x' });
      await eventually(() => assert.equal(b.events.length, 1));
      assert.deepEqual(
        b.created.map(({ meta: { id } }) => id),
        [first.id],
      );
      assert.deepEqual(a.created, []);
    }),
    define('takes turns in a conversation on all nodes', 2, async (a, b) => {
      const [one, two, three] = [1, 2, 3].map(() => ({ ...metaOf(), conversationId: 'talk' }));
      assert(one !== undefined && two !== undefined && three !== undefined);
      assert.deepEqual(await positionOf(a, one), 0);
      assert.deepEqual(await positionOf(b, two), 1);
      assert.deepEqual(await positionOf(a, three, WORK), 2);
      const inOrder = await b.cluster.inProgress('ann', 'talk');
      assert.deepEqual(
        inOrder.map(({ meta: { id } }) => id),
        [one.id, two.id, three.id],
      );
      assert.equal(
        (await b.runs.create({ ...metaOf(), conversationId: 'talk' }, { ...ASKED, whenBusy: 'reject' })).status,
        'busy',
      );
      a.runs.setState('ann', one.id, 'finished');
      await eventually(() => assert.deepEqual(b.turns, [two.id]));
      // The one after it has no host: the node that ended the run before it adds its ticket.
      b.runs.setState('ann', two.id, 'cancelled');
      await eventually(() => assert.deepEqual(b.turns, [two.id, three.id]));
      assert.deepEqual(a.turns, []);
    }),
    define('interrupts runs of other nodes for a new one that asks for it', 2, async (a, b) => {
      const [one, two] = [1, 2].map(() => ({ ...metaOf(), conversationId: 'talk' }));
      assert(one !== undefined && two !== undefined);
      await claim(a, one);
      await claim(b, two, { ...ASKED, whenBusy: 'interrupt' });
      await eventually(() => assert.equal(a.factsOf(one)?.stop, 'replaced'));
      assert.equal(b.factsOf(two)?.stop, undefined);
    }),
  ];
}

async function claim(node: ListeningNode, meta: RunMeta, request = ASKED): Promise<StoredRun['log']> {
  const claimed = await node.runs.create(meta, request);
  assert(claimed.status === 'created');
  await node.runs.commit();
  return claimed.log;
}

async function positionOf(node: ListeningNode, meta: RunMeta, request = ASKED): Promise<number | undefined> {
  const claimed = await node.runs.create(meta, request);
  assert(claimed.status === 'created');
  return claimed.position;
}

function ids(node: ListeningNode): string[] {
  return node.cluster.nodes.map(({ id }) => id).sort();
}
