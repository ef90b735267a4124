import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { RunLog } from '../../log/run-log.js';
import type { RunMeta, RunStore } from '../../store/run-store.js';

/** Number of calls that suffice for some hundred runs in a store that expires in steps. */
const EXPIRE_CALLS = 30;

export function metaOf(id: string = randomUUID(), owner = 'ann'): RunMeta {
  return { owner, id, kind: 'streaming_query', requestHash: `hash of ${id}`, createdAt: 1 };
}

export function text(length: number): { type: 'stream_chunk'; seq: number; timestamp: number; content: string } {
  return { type: 'stream_chunk', seq: 1, timestamp: 1, content: 'x'.repeat(length) };
}

export async function ids(store: RunStore, owner: string): Promise<string[]> {
  return (await store.list(owner, 1_000)).map((run) => run.meta.id);
}

export async function create(store: RunStore, meta: RunMeta): Promise<RunLog> {
  const claim = await store.create(meta);
  assert(claim.status === 'created');
  return claim.log;
}

/** Creates a run that has written `bytes` and ended. */
export async function endedRun(store: RunStore, meta: RunMeta, bytes = 10): Promise<void> {
  (await create(store, meta)).append(text(bytes));
  store.setState(meta.owner, meta.id, 'finished');
}

/** Calls `expire` many times, since a store may expire in steps. */
export async function expire(store: RunStore): Promise<void> {
  for (let call = 0; call < EXPIRE_CALLS; call++) await store.expire();
}
