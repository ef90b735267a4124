import cluster from 'node:cluster';
import { setTimeout as delay } from 'node:timers/promises';
import { OptionError } from '../runtime/option-error.js';
import { isLoopbackAddress } from '../http/host.js';
import { withLogIds } from '../runtime/log-ids.js';
import { createAgentSocketServer } from '../server.js';
import { VERSION } from '../version.js';
import { openAudit } from './audit-file.js';
import { chooseAuthentication } from './authentication.js';
import { banner, urlsOf, type StartInfo } from './banner.js';
import { Certificate } from './certificate.js';
import { openCommandLog } from './command-log.js';
import { readDotEnv } from './dot-env.js';
import { drainTimes } from './drain-times.js';
import { withHome } from './home.js';
import { createHttpServer, listen } from './http-server.js';
import { chooseMetrics } from './metrics.js';
import { readMessageKey } from './message-key.js';
import { endWithNpx } from './npx.js';
import { observe } from './observe.js';
import { oddities } from './oddities.js';
import { inOperatorsWords } from './operators-words.js';
import type { Flags } from './program.js';
import { chooseProvider } from './provider.js';
import { openQueue, redisAccess } from './redis.js';
import { serverOptions } from './server-options.js';
import { warnOfOpenSecrets } from './setting-file.js';
import { SETTINGS } from './settings-table.js';
import { resolveSettings, type ResolvedSettings } from './settings.js';
import { reportCrashes, Signals, Stopping } from './stopping.js';
import { openStore } from './store.js';
import type { Surroundings } from './surroundings.js';
import { chooseTools } from './tools.js';
import { chooseTracer } from './tracing.js';
import { startWorkers } from './workers.js';
import { Primary } from './workers/primary.js';

/** How long a worker that is replaced still takes handshakes after its listener has closed, in milliseconds. */
const HANDSHAKES_MS = 500;

/**
 * `agent-ws serve`: resolves once the service listens. The service runs until a signal stops it.
 * @throws CliError for every error that the operator can correct
 */
export async function serve(flags: Flags, { env, cwd }: Pick<Surroundings, 'env' | 'cwd'>): Promise<void> {
  // Those of a worker are for its primary to decide.
  const signals = cluster.isPrimary ? new Signals() : undefined;
  const sources = { flags, environment: env, dotEnv: readDotEnv(cwd()) };
  const resolved = resolveSettings(sources);
  const { workers } = resolved.settings;
  try {
    if (workers !== undefined && signals !== undefined) await startWorkers(resolved, workers, signals);
    else await start(resolved, oddities(sources), signals);
  } catch (error) {
    throw OptionError.isInstance(error) ? inOperatorsWords(error, resolved) : error;
  }
}

async function start(
  resolved: ResolvedSettings,
  warnings: readonly string[],
  signals: Signals | undefined,
): Promise<void> {
  const { settings, keyOf, isGiven } = resolved;
  const { port, path } = settings;
  const primary = Primary.connect();
  // Of several workers one tells the operator what concerns all of them.
  const isFirst = primary === undefined || primary.number === 1;
  const certificate = Certificate.open(settings, keyOf);
  const server = createHttpServer(settings, certificate);
  const messageKey = readMessageKey(settings, keyOf, (pem) => agent.replaceMessageKey(pem));
  const provider = await chooseProvider(resolved);
  const authentication = await chooseAuthentication(resolved, (principalId) => agent.revoke(principalId));
  const authenticate = authentication?.authenticate;
  // Without authentication, whoever reaches the service uses the operator's key.
  const isCareful = authenticate === undefined && provider.kind === 'openai' && !isGiven('host');
  const host = isCareful ? '127.0.0.1' : settings.host;
  const tools = await chooseTools(resolved);
  const log = openCommandLog(resolved, primary?.number);
  const { logger } = log;
  const audit = openAudit(resolved, log);
  const files = audit?.log ?? log;
  reportCrashes(files);

  const metrics = await chooseMetrics(resolved, provider.provider, primary);
  const access = redisAccess(resolved);
  const store = await openStore(resolved, logger);
  const queue =
    access !== undefined && settings.run === 'queue' ? await openQueue(resolved, access, logger) : undefined;
  const agent = createAgentSocketServer({
    ...serverOptions(settings),
    encryption: messageKey?.encryption,
    authenticate,
    store,
    queue,
    server,
    provider: provider.provider,
    tools,
    logger,
    metrics: metrics?.source,
    tracer: await chooseTracer(),
  });
  const metricsPlace = await metrics?.start(agent);
  server.on('request', withHome(agent.requestListener));
  observe(agent, withLogIds(logger, settings.logIds));
  if (audit !== undefined) agent.audit.on('event', audit.write);
  const bound = await listen(server, { host, port }, keyOf);
  const watched = [certificate?.files, messageKey?.file, ...(authentication?.files ?? [])].filter(
    (file) => file !== undefined,
  );
  for (const file of watched) file.watch(logger);
  server.once('close', () => {
    for (const file of watched) file.unwatch();
  });
  const reopen = (): void => {
    files.reopen();
    for (const file of watched) file.reload();
  };
  const times = drainTimes(settings, store?.cluster !== undefined);
  const stopping = new Stopping(files, {
    ms: times.delayMs + times.drainMs,
    close: async (signal) => {
      const inUse = { connections: agent.connections.size, runs: agent.runs.size };
      const seconds = times.drainMs / 1_000;
      logger.info(
        { signal, ...inUse },
        `Stopping; running answers get ${seconds} s to finish, a second signal stops at once`,
      );
      // Whoever came to this worker just before is served by it, as if it had come to the one that takes its place.
      const handshakesMs = primary !== undefined && signal === 'SIGHUP' ? HANDSHAKES_MS : 0;
      const closed = agent.close({ ...times, delayMs: times.delayMs + handshakesMs, closeCode: 'draining' });
      if (times.delayMs > 0) await delay(times.delayMs);
      // Stops listening before anything else: the system refuses new connections from here on, so that a load balancer
      // in front asks another process at once.
      server.close();
      await closed;
      await primary?.leave();
      server.closeAllConnections();
      await queue?.close();
      await store?.close();
    },
  });
  if (primary === undefined) {
    signals?.started(stopping, () => {
      reopen();
      logger.info({ signal: 'SIGHUP' }, 'Going on; the log file, if there is one, was opened anew');
    });
    endWithNpx(logger);
  } else {
    if (store?.cluster !== undefined) primary.tellNode(store.cluster.nodeId);
    primary.obey(stopping, reopen, (nodeId) => void store?.cluster?.reap?.(nodeId));
  }

  const info: StartInfo = {
    version: VERSION,
    host,
    port: bound.port,
    path,
    tls: settings.tlsCert !== undefined,
    messageKey: messageKey?.thumbprint,
    metrics: metricsPlace,
    provider,
  };
  if (log.format === 'pretty' && isFirst) process.stdout.write(banner(info));
  const { vendor, model } = provider.provider;
  logger.info(
    {
      version: VERSION,
      host,
      port: bound.port,
      provider: vendor,
      model,
      messageKey: messageKey?.thumbprint,
      ...(primary !== undefined && { pid: process.pid }),
      ...(log.format === 'json' && urlsOf(info)),
    },
    'Listening',
  );
  log.onStarted();
  if (!isFirst) return;
  for (const warning of warnings) logger.warn({}, warning);
  warnOfOpenSecrets(settings, logger);
  if (isCareful) {
    logger.info(
      { host },
      `Only this machine is served, since there is no authentication and whoever reaches the service can use your OpenAI key. To serve others as well, set --host ${settings.host}`,
    );
  }
  if (authenticate === undefined && provider.kind !== 'demo' && !isLoopbackAddress(bound.address)) {
    logger.warn(
      { host },
      `Whoever reaches this address can use ${provider.kind === 'openai' ? 'your OpenAI key' : 'your provider'}: there is no authentication. Set --auth-jwks, --auth-secret-file or --auth-tokens-file, listen on 127.0.0.1, or let only trusted networks in`,
    );
  }
  if (provider.kind === 'demo' && settings.provider === 'auto' && settings.baseUrl !== SETTINGS.baseUrl.default) {
    logger.warn(
      {},
      'OPENAI_BASE_URL is set but OPENAI_API_KEY is not, so the demo answers. A server without keys takes any text',
    );
  }
}
