import type { MetricsPlace } from './metrics-place.js';
import type { ChosenProvider } from './provider.js';

/** The settings that the banner shows. */
export interface StartInfo {
  readonly version: string;
  /** The host as given: `0.0.0.0`. */
  readonly host: string;
  /** The actual port, even if 0 was given. */
  readonly port: number;
  readonly path: string;
  readonly tls: boolean;
  /** Thumbprint of the key for encrypted messages, if there is one. */
  readonly messageKey: string | undefined;
  /** Where metrics are served, if anywhere. */
  readonly metrics: MetricsPlace | undefined;
  readonly provider: ChosenProvider;
}

/** The addresses for a browser on this machine. */
export interface Urls {
  readonly endpoint: string;
  readonly testPage: string;
  readonly docs: string;
  readonly statistics: string;
  /** Absent without metrics. */
  readonly metrics?: string;
}

export function urlsOf({ host, port, path, tls, metrics }: StartInfo): Urls {
  const name = nameOf(host);
  const http = `${tls ? 'https' : 'http'}://${name}:${port}`;
  const metricsBase = typeof metrics === 'object' ? `http://${nameOf(metrics.host)}:${metrics.port}` : http;
  return {
    endpoint: `${tls ? 'wss' : 'ws'}://${name}:${port}${path}`,
    testPage: `${http}/static/test_websocket.html`,
    docs: `${http}/docs`,
    statistics: `${http}/ws/statistics`,
    ...(metrics !== undefined && { metrics: `${metricsBase}/metrics` }),
  };
}

/** The name of a host in a URL. A wildcard is an address to listen on, not an address to open. */
function nameOf(host: string): string {
  if (/^(?:0\.0\.0\.0|::|0:0:0:0:0:0:0:0)$/.test(host)) return 'localhost';
  return host.includes(':') ? `[${host}]` : host;
}

/** The text that is printed at the start. */
export function banner(info: StartInfo): string {
  const urls = urlsOf(info);
  const rows = [
    ['Endpoint', urls.endpoint],
    ['Test page', urls.testPage],
    ['Documents', urls.docs],
    ['Statistics', urls.statistics],
    ...(urls.metrics === undefined ? [] : [['Metrics', urls.metrics] as const]),
    ...(info.messageKey === undefined ? [] : [['Message key', info.messageKey] as const]),
    ['Provider', info.provider.summary],
    ['', info.provider.hint],
  ] as const;
  const lines = rows.map(([name, value]) => `  ${name.padEnd(12)}${value}`);
  return `\nagent-ws ${info.version} listens on ${info.host}, port ${info.port}\n\n${lines.join('\n')}\n\nCtrl-C stops it.\n\n`;
}
