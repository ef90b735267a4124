import { setTimeout as delay } from 'node:timers/promises';
import { OptionError } from '../runtime/option-error.js';
import { isLoopbackAddress } from '../http/host.js';
import { withLogIds } from '../runtime/log-ids.js';
import { createAgentSocketServer } from '../server.js';
import type { Store } from '../store/store.js';
import { VERSION } from '../version.js';
import { openAudit } from './audit-file.js';
import { chooseAuthentication } from './authentication.js';
import { banner, urlsOf, type StartInfo } from './banner.js';
import { Certificate } from './certificate.js';
import { CliError } from './cli-error.js';
import { readDotEnv } from './dot-env.js';
import { withHome } from './home.js';
import { createHttpServer, listen } from './http-server.js';
import { createLog } from './logging.js';
import { chooseMetrics } from './metrics.js';
import { readMessageKey } from './message-key.js';
import { endWithNpx } from './npx.js';
import { observe } from './observe.js';
import { oddities } from './oddities.js';
import type { Flags } from './program.js';
import { chooseProvider } from './provider.js';
import { serverOptions } from './server-options.js';
import { warnOfOpenSecrets } from './setting-file.js';
import { SETTINGS, type SettingName } from './settings-table.js';
import { resolveSettings, type ResolvedSettings } from './settings.js';
import { reportCrashes, stopOnSignals } from './stopping.js';
import { backUpOnSignal, openStore } from './store.js';
import { chooseTools } from './tools.js';
import { chooseTracer } from './tracing.js';

/** How long runs may continue after a signal, in milliseconds: as long as a container waits, less what else takes time. */
const DRAIN_MS = 5_000;

/** The same in a cluster, where nobody waits for the process: as long as a run may take by default. */
const CLUSTER_DRAIN_MS = 600_000;

/**
 * `agent-ws serve`: resolves once the service listens. The service runs until a signal stops it.
 * @throws CliError for every error that the operator can correct
 */
export async function serve(flags: Flags): Promise<void> {
  const sources = { flags, environment: process.env, dotEnv: readDotEnv(process.cwd()) };
  const resolved = resolveSettings(sources);
  try {
    await start(resolved, oddities(sources));
  } catch (error) {
    throw OptionError.isInstance(error) ? inOperatorsWords(error, resolved) : error;
  }
}

async function start(resolved: ResolvedSettings, warnings: readonly string[]): Promise<void> {
  const { settings, keyOf, isGiven } = resolved;
  const { port, path } = settings;
  const certificate = Certificate.open(settings, keyOf);
  const server = createHttpServer(settings, certificate);
  const messageKey = readMessageKey(settings, keyOf);
  const provider = await chooseProvider(resolved);
  const authenticate = chooseAuthentication(resolved);
  // Without authentication, whoever reaches the service uses the operator's key.
  const isCareful = authenticate === undefined && provider.kind === 'openai' && !isGiven('host');
  const host = isCareful ? '127.0.0.1' : settings.host;
  const tools = await chooseTools(resolved);
  const format = settings.logFormat ?? (process.stdout.isTTY ? 'pretty' : 'json');
  const log = createLog({
    level: settings.logLevel,
    format,
    color: process.stdout.isTTY && process.stdout.hasColors(),
    ...(settings.logFile !== undefined && { file: settings.logFile }),
    fileKey: keyOf('logFile'),
    secrets: [settings.apiKey, ...Object.values(settings.extraHeaders)].filter((secret) => secret !== undefined),
    write: (text) => process.stdout.write(text),
  });
  const { logger } = log;
  const audit = openAudit(resolved, log);
  const files = audit?.log ?? log;
  reportCrashes(files);

  const metrics = await chooseMetrics(resolved, provider.provider);
  const store = await openStore(resolved, logger);
  if (settings.storeBackup !== undefined && store !== undefined) backUpOnSignal(store, settings.storeBackup, logger);
  const agent = createAgentSocketServer({
    ...serverOptions(settings),
    encryption: messageKey?.encryption,
    authenticate,
    store,
    server,
    provider: provider.provider,
    tools,
    logger,
    metrics: metrics?.registry,
    tracer: await chooseTracer(),
  });
  const metricsPlace = await metrics?.start(agent);
  server.on('request', withHome(agent.requestListener));
  observe(agent, withLogIds(logger, settings.logIds));
  if (audit !== undefined) agent.audit.on('event', audit.write);
  const bound = await listen(server, { host, port }, keyOf);
  certificate?.watch(logger);
  const reopen = (): void => {
    files.reopen();
    certificate?.reload();
  };
  const { delayMs } = settings;
  const drainMs = settings.drainMs ?? (isAlone(store) ? DRAIN_MS : CLUSTER_DRAIN_MS);
  stopOnSignals({ ...files, reopen }, delayMs + drainMs, async (signal) => {
    const inUse = { connections: agent.connections.size, runs: agent.runs.size };
    const seconds = drainMs / 1_000;
    logger.info(
      { signal, ...inUse },
      `Stopping; running answers get ${seconds} s to finish, a second signal stops at once`,
    );
    const closed = agent.close({ delayMs, drainMs, closeCode: 'draining' });
    if (delayMs > 0) await delay(delayMs);
    // Stops listening before anything else: the system refuses new connections from here on, so that a load balancer in
    // front asks another process at once.
    server.close();
    await closed;
    server.closeAllConnections();
    store?.close();
  });

  endWithNpx(logger);

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
  if (format === 'pretty') process.stdout.write(banner(info));
  const { vendor, model } = provider.provider;
  logger.info(
    {
      version: VERSION,
      host,
      port: bound.port,
      provider: vendor,
      model,
      messageKey: messageKey?.thumbprint,
      ...(format === 'json' && urlsOf(info)),
    },
    'Listening',
  );
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

/** Whether no other process works with the store. */
function isAlone(store: Store | undefined): boolean {
  return store?.cluster === undefined;
}

/** Renames options in an error to the flags and variables that the operator knows. */
function inOperatorsWords(error: OptionError, { keyOf }: ResolvedSettings): CliError {
  const [name = '', ...inside] = error.option.split('.');
  if (!(name in SETTINGS)) return new CliError(error.message, { cause: error });
  const place = inside.length === 0 ? '' : `"${inside.join('.')}" `;
  const rule = error.message.replace(`Option "${error.option}" `, place).replaceAll(`"${name}.`, '"');
  return new CliError(`${keyOf(name as SettingName)}: ${rule}`, { cause: error });
}
