import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { RunMeta, RunStore } from '../../store/run-store.js';
import type { ConformanceCase } from './conformance-case.js';
import { endedRun, expire, metaOf } from './run-samples.js';

/** A new store with these bounds. */
export type SetUpShares = (settings: {
  retainMs?: number;
  maxRetainedBytes?: number;
  maxRememberedIds?: number;
}) => Promise<{ store: RunStore; pass: (ms: number) => void }>;

/** Cases for what owners share: over a bound, the owner that holds most loses its oldest. */
export function runStoreShareCases(setUp: SetUpShares): ConformanceCase[] {
  return [
    {
      name: 'drops no log of an owner whose logs are smaller, whatever another owner runs',
      run: async () => {
        const { store } = await setUp({ maxRetainedBytes: 100_000 });
        const own = await endedRuns(store, 'ann', 3, 5_000);
        const others = await endedRuns(store, 'bob', 40, 10_000);
        await expire(store);
        assert.deepEqual(await kept(store, own), own);
        const left = await kept(store, others);
        assert(left.length >= 4 && left.length <= 8, `${left.length} are left`);
        assert.deepEqual(left, others.slice(-left.length));
      },
    },
    {
      name: 'drops and forgets nothing of an owner if many owners count as one, however many they are',
      run: async () => {
        const { store, pass } = await setUp({ maxRetainedBytes: 100_000, maxRememberedIds: 10 });
        const own = await endedRuns(store, 'ann', 3, 5_000);
        const others: RunMeta[] = [];
        for (let count = 0; count < 60; count++) {
          others.push(...(await endedRuns(store, `made up ${count}`, 1, 4_000, 'script')));
        }
        await expire(store);
        assert.deepEqual(await kept(store, own), own);
        pass(400_000);
        await expire(store);
        for (const meta of own) assert.equal((await store.create(meta)).status, 'expired');
        assert.equal((await store.create(others[0] as RunMeta)).status, 'created');
      },
    },
    {
      name: 'forgets no id of an owner that has fewer, so that no request is executed twice',
      run: async () => {
        const { store, pass } = await setUp({ retainMs: 0, maxRememberedIds: 10 });
        const own = await endedRuns(store, 'ann', 4);
        pass(1);
        await expire(store);
        for (let round = 0; round < 3; round++) {
          const others = await endedRuns(store, 'bob', 30);
          pass(1);
          await expire(store);
          const claims: string[] = [];
          for (const meta of others) claims.push((await store.create(meta)).status);
          assert.deepEqual(claims, [...Array<string>(24).fill('created'), ...Array<string>(6).fill('expired')]);
          for (const { id } of others) store.setState('bob', id, 'finished');
          pass(1);
          await expire(store);
        }
        for (const meta of own) assert.equal((await store.create(meta)).status, 'expired');
      },
    },
    {
      name: 'shares equally among owners that all want more',
      run: async () => {
        const { store, pass } = await setUp({ retainMs: 0, maxRememberedIds: 12 });
        const owners = ['ann', 'bob', 'cy'];
        const all = new Map<string, RunMeta[]>();
        for (const [index, owner] of owners.entries()) all.set(owner, await endedRuns(store, owner, 8 + 4 * index));
        pass(1);
        await expire(store);
        for (const owner of owners) {
          const claims: string[] = [];
          for (const meta of all.get(owner) ?? []) claims.push((await store.create(meta)).status);
          assert.equal(claims.filter((status) => status === 'expired').length, 4, owner);
          assert.deepEqual(claims.slice(-4), Array<string>(4).fill('expired'), owner);
        }
      },
    },
  ];
}

async function endedRuns(store: RunStore, owner: string, count: number, bytes = 10, payer = owner): Promise<RunMeta[]> {
  const metas = Array.from({ length: count }, () => ({ ...metaOf(randomUUID(), owner), payer }));
  for (const meta of metas) await endedRun(store, meta, bytes);
  return metas;
}

/** The runs whose logs are stored. */
async function kept(store: RunStore, metas: readonly RunMeta[]): Promise<RunMeta[]> {
  const left: RunMeta[] = [];
  for (const meta of metas) if ((await store.open(meta.owner, meta.id)) !== undefined) left.push(meta);
  return left;
}
