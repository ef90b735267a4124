import { AsyncRunLog } from '../unit/run/async-log.js';
import { runLogSuite } from './log-suite.js';

runLogSuite('read in promises', (runId) => ({ log: new AsyncRunLog(runId, () => Promise.resolve()) }));
