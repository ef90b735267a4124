import type { RequestListener } from 'node:http';
import { collectDefaultMetrics, Registry } from 'prom-client';
import type { Principal } from '../connection/principal.js';
import { checkOptions, type OptionTable } from '../runtime/option-table.js';
import { boolean, list, methods } from '../runtime/rule.js';
import { Instruments } from './instruments.js';
import { measureCalls, measureConnections, measureMessages, measureRuns, type Measured } from './measure.js';
import { measureCluster } from './measure-cluster.js';

export { Registry } from 'prom-client';
export type { Measured } from './measure.js';

/** What {@link createMetrics} takes. */
export interface MetricsOptions {
  /**
   * Gets the metrics, such as the registry of your application.
   * @default a new registry
   */
  registry?: Registry | undefined;
  /**
   * Whether the registry also gets CPU, memory, garbage collection and event-loop delay of the process, as `prom-client`
   * collects them. A registry accepts them once.
   * @default true for a new registry
   */
  defaultMetrics?: boolean | undefined;
  /**
   * Models that are told apart in the metrics; all others are `other`.
   * @default []
   */
  models?: readonly string[] | undefined;
}

const METRICS_OPTIONS = {
  registry: {
    text: 'Gets the metrics, such as the registry of your application.',
    rule: methods('a Registry of prom-client', ['registerMetric', 'metrics']),
    defaultText: 'a new registry',
  },
  defaultMetrics: {
    text: 'Whether the registry also gets CPU, memory, garbage collection and event-loop delay of the process, as `prom-client` collects them.',
    rule: boolean,
    defaultText: 'true for a new registry',
  },
  models: {
    text: 'Models that are told apart in the metrics; all others are `other`.',
    rule: list('names of models'),
    default: [],
  },
} as const satisfies OptionTable<MetricsOptions>;

/** The metrics of a service. */
export interface Metrics {
  readonly registry: Registry;
  /** Answers every request with the metrics. It checks nothing: mount it behind your own access control. */
  readonly listener: RequestListener;
}

/**
 * Measures a service for Prometheus: counts what happens from now on, and reads gauges when the metrics are asked for.
 * Needs the package `prom-client`.
 * @throws OptionError if an option is unknown or breaks its rule; `Error` of prom-client if the registry has the metrics
 * of another service already.
 */
export function createMetrics<P extends Principal, Metadata>(
  agent: Measured<P, Metadata>,
  options: MetricsOptions = {},
): Metrics {
  const checked = checkOptions(options, METRICS_OPTIONS);
  const { registry = new Registry(), defaultMetrics = options.registry === undefined, models } = checked;
  if (defaultMetrics) collectDefaultMetrics({ register: registry });
  const make = new Instruments(registry);
  measureConnections(agent, make);
  measureMessages(agent.messages, make);
  measureRuns(agent.runs, models, make);
  measureCalls(agent.runs, make);
  if (agent.cluster !== undefined) measureCluster(agent.cluster, agent.runs, make);
  return {
    registry,
    listener: (_request, response) => {
      registry.metrics().then(
        (text) =>
          response.writeHead(200, { 'Content-Type': registry.contentType, 'Cache-Control': 'no-store' }).end(text),
        // A metric of the application may fail.
        () => response.writeHead(500).end(),
      );
    },
  };
}
