import { expect, it } from 'vitest';
import type { StoredRun } from '../../../src/index.js';
import { DecisionCache } from '../../../src/run/decision-cache.js';
import { AsyncRunLog } from './async-log.js';

function ended(id: string): { run: StoredRun; log: AsyncRunLog } {
  const log = new AsyncRunLog(id, () => Promise.resolve());
  log.append({ type: 'stream_chunk', seq: 1, timestamp: 1, content: 'x' });
  const resolved = { type: 'approval_resolved', tool_call_id: 'c1', approved: false, by: 'principal', reason: 'no' };
  log.append({ type: 'approval_resolved', seq: 2, timestamp: 1, encoded: JSON.stringify(resolved) });
  const meta = { owner: 'ann', id, kind: 'streaming_query', requestHash: 'h', createdAt: 1 } as const;
  return { run: { meta, state: 'finished', log, draft: '' }, log };
}

it('the decisions of a run that is over are read once, however often they are asked for', async () => {
  const decisions = new DecisionCache();
  const { run, log } = ended('r1');
  const found = await Promise.all(Array.from({ length: 50 }, () => decisions.find(run, 'c1')));
  expect(new Set(found.map((decision) => JSON.stringify(decision)))).toEqual(
    new Set(['{"approved":false,"by":"principal","reason":"no"}']),
  );
  expect(await decisions.find(run, 'other')).toBeUndefined();
  // A database gives another object for the same run each time.
  expect(await decisions.find({ ...run, log: ended('r1').log }, 'c1')).toMatchObject({ approved: false });
  expect(log.reads).toBe(1);
});

it('a log that could not be read is read again', async () => {
  const decisions = new DecisionCache();
  const { run } = ended('r1');
  const broken = new AsyncRunLog('r1', () => Promise.reject(new Error('disk')));
  broken.append({ type: 'stream_chunk', seq: 1, timestamp: 1, content: 'x' });
  await expect(decisions.find({ ...run, log: broken }, 'c1')).rejects.toThrow('disk');
  expect(await decisions.find(run, 'c1')).toMatchObject({ approved: false });
});
