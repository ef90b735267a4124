import type { Server } from 'node:http';
import type { LlmProvider } from '../agent/llm-provider.js';
import { askedOf } from '../http/asked.js';
import { isHostAllowed, isLoopbackAddress } from '../http/host.js';
import { metricsRoute, type MetricsSource } from '../http/metrics.js';
import { failure, send } from '../http/reply.js';
import { TrustedProxies } from '../http/trusted-proxies.js';
import { readTarget } from '../protocol/request-target.js';
import type { AgentSocketServer } from '../server.js';
import { createSideServer, listen } from './http-server.js';
import type { MetricsPlace } from './metrics-place.js';
import type { ResolvedSettings } from './settings.js';
import type { Primary } from './workers/primary.js';

const NO_PROXIES = new TrustedProxies([]);

/** The metrics of the command. */
export interface CommandMetrics {
  /** Served by the service itself; `undefined` if the metrics have an address of their own. */
  readonly source: MetricsSource | undefined;
  /** Begins to measure the service, and to listen at the address of the metrics if they have one. Resolves to the place. */
  start(agent: AgentSocketServer): Promise<MetricsPlace>;
}

/**
 * Prepares the metrics; `undefined` if the operator wants none. Nothing of `prom-client` is loaded then.
 * @param primary - serves the metrics of all workers, if this process is one of them
 */
export async function chooseMetrics(
  { settings, keyOf }: ResolvedSettings,
  { model }: LlmProvider,
  primary: Primary | undefined,
): Promise<CommandMetrics | undefined> {
  const { metrics: place, clientModels } = settings;
  const models = [...(model === undefined ? [] : [model]), ...clientModels];
  if (place === undefined) return undefined;
  const { createMetrics, Registry } = await import('../telemetry/metrics.js');
  const registry = new Registry();
  primary?.measure(registry);
  return {
    source: place === 'here' ? (primary?.metricsOfAll(registry.contentType) ?? registry) : undefined,
    async start(agent) {
      createMetrics(agent, { registry, defaultMetrics: true, models });
      if (place === 'here' || primary !== undefined) return place;
      const { port } = await listen(metricsServer(registry), place, () => keyOf('metrics'));
      return { host: place.host, port };
    },
  };
}

/** A server that answers `/metrics` alone, also while the service stops. */
export function metricsServer(source: MetricsSource): Server {
  const route = metricsRoute(source);
  const server = createSideServer((request, response) => {
    const address = server.address();
    const boundToLoopback = typeof address === 'object' && isLoopbackAddress(address?.address);
    const { host, isFromHere } = askedOf(request, NO_PROXIES);
    if (!isHostAllowed({ host, boundToLoopback, isFromHere })) {
      return send(request, response, failure(403, 'This host is not served here'));
    }
    const { path, query } = readTarget(request.url ?? '');
    if (path !== route.path) return send(request, response, failure(404, 'Not found'));
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      const allowed = { Allow: 'GET, HEAD' };
      return send(request, response, failure(405, 'Only GET and HEAD are answered here', allowed));
    }
    void Promise.resolve(route.reply(query)).then((reply) => send(request, response, reply));
  });
  return server;
}
