import { createServer } from 'node:http';
import { OptionError } from '../runtime/option-error.js';
import { withLogIds } from '../runtime/log-ids.js';
import { within } from '../runtime/within.js';
import { createAgentSocketServer } from '../server.js';
import { VERSION } from '../version.js';
import { openAudit } from './audit-file.js';
import { CliError } from './cli-error.js';
import { openCommandLog } from './command-log.js';
import { readDotEnv } from './dot-env.js';
import { drainTimes } from './drain-times.js';
import { healthServer } from './health.js';
import { listen } from './http-server.js';
import { observe } from './observe.js';
import { oddities } from './oddities.js';
import { inOperatorsWords } from './operators-words.js';
import type { Flags } from './program.js';
import { chooseProvider } from './provider.js';
import { openQueue, redisAccess } from './redis.js';
import { serverOptions } from './server-options.js';
import { warnOfOpenSecrets } from './setting-file.js';
import { resolveSettings, type ResolvedSettings } from './settings.js';
import { reportCrashes, Signals, Stopping } from './stopping.js';
import { openStore } from './store.js';
import type { Surroundings } from './surroundings.js';
import { chooseTools } from './tools.js';
import { chooseTracer } from './tracing.js';

/** How long the queue may take to close after the runs have ended. In milliseconds. */
const QUEUE_END_MS = 2_000;

/**
 * `agent-ws worker`: resolves once runs are taken from the line. The worker runs until a signal stops it.
 * @throws CliError for every error that the operator can correct
 */
export async function worker(flags: Flags, { env, cwd }: Pick<Surroundings, 'env' | 'cwd'>): Promise<void> {
  const signals = new Signals();
  const sources = { flags, environment: env, dotEnv: readDotEnv(cwd()) };
  const resolved = resolveSettings(sources);
  try {
    await start(resolved, oddities(sources), signals);
  } catch (error) {
    throw OptionError.isInstance(error) ? inOperatorsWords(error, resolved) : error;
  }
}

async function start(resolved: ResolvedSettings, warnings: readonly string[], signals: Signals): Promise<void> {
  const { settings, keyOf } = resolved;
  const access = redisAccess(resolved);
  if (access === undefined) throw new CliError('--redis: a worker takes its runs from Redis; add --redis URL');
  const { provider } = await chooseProvider(resolved);
  const tools = await chooseTools(resolved);
  const log = openCommandLog(resolved);
  const { logger } = log;
  const audit = openAudit(resolved, log);
  const files = audit?.log ?? log;
  reportCrashes(files);

  const { createMetrics, Registry } = await import('../telemetry/metrics.js');
  const registry = new Registry();
  const store = await openStore(resolved, logger);
  const queue = await openQueue(resolved, access, logger);
  const agent = createAgentSocketServer({
    ...serverOptions(settings),
    store,
    // Nobody connects to a worker.
    server: createServer(),
    provider,
    tools,
    logger,
    metrics: registry,
    tracer: await chooseTracer(),
  });
  const models = provider.model === undefined ? [] : [provider.model];
  createMetrics(agent, { registry, defaultMetrics: true, models });
  observe(agent, withLogIds(logger, settings.logIds));
  if (audit !== undefined) agent.audit.on('event', audit.write);
  const health = healthServer(agent.requestListener);
  const { port } = await listen(health, settings.health, () => keyOf('health'));
  agent.runs.work(queue, settings.concurrency);

  const { drainMs } = drainTimes(settings, true);
  const stopping = new Stopping(files, {
    ms: drainMs,
    close: async (signal) => {
      const seconds = drainMs / 1_000;
      logger.info(
        { signal, runs: agent.runs.size },
        `Stopping; runs get ${seconds} s to finish, a second signal stops at once`,
      );
      // Takes no more runs from here on.
      const closed = queue.close();
      await agent.close({ drainMs });
      await within(QUEUE_END_MS, closed);
      health.close();
      health.closeAllConnections();
      await store?.close();
    },
  });
  signals.started(stopping, () => {
    files.reopen();
    logger.info({ signal: 'SIGHUP' }, 'Going on; the log file, if there is one, was opened anew');
  });

  const { concurrency } = settings;
  const { vendor, model } = provider;
  logger.info(
    { version: VERSION, concurrency, host: settings.health.host, port, provider: vendor, model },
    'Taking runs from the line',
  );
  log.onStarted();
  for (const warning of warnings) logger.warn({}, warning);
  warnOfOpenSecrets(settings, logger);
}
