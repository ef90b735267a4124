import { describe, it } from 'vitest';
import { runLogCases } from '../../src/testing/index.js';
import { AsyncRunLog } from '../unit/run/async-log.js';

describe('RunLog read in promises', () => {
  for (const { name, run } of runLogCases((runId) => new AsyncRunLog(runId, () => Promise.resolve()))) it(name, run);
});
