import assert from 'node:assert/strict';
import type { RunLog } from '../../log/run-log.js';

/** How long a log may take to publish, in milliseconds: far more than needed, since machines may be busy. */
const PATIENCE_MS = 10_000;

/** Resolves when readers can read everything up to `seq`; for a log in memory at once. */
export async function untilPublished(log: RunLog, seq: number): Promise<void> {
  if (log.published >= seq) return;
  await new Promise<void>((resolve, reject) => {
    const done = (settle: () => void): void => {
      clearTimeout(timer);
      stop();
      settle();
    };
    const timer = setTimeout(() => {
      const error = new assert.AssertionError({
        message: `Entry ${seq} is not published within ${PATIENCE_MS} ms; ${log.published} is the newest`,
      });
      done(() => reject(error));
    }, PATIENCE_MS);
    const stop = log.onPublished(() => {
      if (log.published >= seq) done(resolve);
    });
  });
}
