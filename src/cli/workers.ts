import type { Worker } from 'node:cluster';
import { MAX_DELAY_MS } from '../runtime/check-number.js';
import { CliError } from './cli-error.js';
import { openCommandLog } from './command-log.js';
import { drainTimes } from './drain-times.js';
import { listen } from './http-server.js';
import { metricsServer } from './metrics.js';
import { endWithNpx } from './npx.js';
import type { ResolvedSettings } from './settings.js';
import { reportCrashes, Signals, Stopping } from './stopping.js';
import type { Question } from './workers/messages.js';
import { PoolMetrics } from './workers/pool-metrics.js';
import { Pool, tell } from './workers/pool.js';

/** How long a worker may take to end besides the time that it gives its runs, in milliseconds: longer than it takes by itself. */
const WORKER_END_MS = 7_000;

/**
 * Starts the processes that share the port, and watches over them. This process serves nobody itself. Resolves when all
 * of them listen; ends the process if the first one does not start.
 * @throws CliError if the processes would share nothing
 */
export async function startWorkers(resolved: ResolvedSettings, size: number, signals: Signals): Promise<void> {
  const { settings, keyOf } = resolved;
  if (settings.redis === undefined) {
    throw new CliError(`${keyOf('workers')}: the processes must share what they know; add --redis URL`);
  }
  const log = openCommandLog(resolved);
  const { logger } = log;
  reportCrashes(log);
  const { delayMs, drainMs } = drainTimes(settings, true);
  const endMs = Math.min(delayMs + drainMs + WORKER_END_MS, MAX_DELAY_MS);
  const pool = new Pool({
    size,
    endMs,
    logger,
    onMessage: (worker, message) => {
      if (message.type === 'measured') metrics.onMeasured(message.id, message.metrics);
      else if (message.type === 'ask') void answer(worker, message.id, message.question);
    },
  });
  const metrics = new PoolMetrics(pool);
  const answer = async (worker: Worker, id: number, question: Question): Promise<void> => {
    let text = '';
    try {
      if (question === 'metrics') text = await metrics.metrics();
    } catch (error) {
      logger.error({ err: error }, 'The metrics of the workers cannot be put together');
    }
    tell(worker, { type: 'answer', id, text });
  };
  const stopping = new Stopping(log, {
    ms: endMs,
    close: (signal) => {
      logger.info({ signal, workers: pool.workers.length }, 'Stopping all workers; a second signal stops them at once');
      return pool.stop(signal);
    },
    abandon: (signal) => pool.end(signal),
  });
  signals.started(stopping, () => {
    log.reopen();
    for (const worker of pool.workers) tell(worker, { type: 'reopen' });
    logger.info({ signal: 'SIGHUP' }, 'Replacing the workers one after the other');
    void pool.replace();
  });
  const place = settings.metrics;
  if (place !== undefined && place !== 'here') await listen(metricsServer(metrics), place, () => keyOf('metrics'));
  const code = await pool.start();
  if (code !== undefined) {
    log.flush();
    process.exit(code === 0 ? 1 : code);
  }
  endWithNpx(logger);
  logger.info({ workers: size, pid: process.pid }, 'All workers listen');
  log.onStarted();
}
