import type { Route } from './route.js';

/** What gives the metrics of a service as text: a `Registry` of the package `prom-client`. */
export interface MetricsSource {
  /** The media type of the text. */
  readonly contentType: string;
  /** The metrics at this moment. */
  metrics(): Promise<string>;
}

/** `GET /metrics`. */
export function metricsRoute(source: MetricsSource): Route {
  return {
    path: '/metrics',
    summary: { en: 'Metrics for Prometheus', zh: 'Prometheus 指标' },
    action: 'metrics',
    answers: [
      { status: 200, meaning: 'The metrics of this moment.', type: 'text/plain' },
      {
        status: 401,
        meaning: 'The server authenticates clients, and does not know who asks.',
        type: 'application/json',
        schema: 'Error',
      },
    ],
    reply: async () => ({ status: 200, type: source.contentType, body: await source.metrics() }),
  };
}
