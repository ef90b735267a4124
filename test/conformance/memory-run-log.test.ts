import { MemoryRunLog } from '../../src/run/memory-run-log.js';
import { runLogSuite } from './log-suite.js';

runLogSuite('memory', (runId) => ({ log: new MemoryRunLog(runId) }));
