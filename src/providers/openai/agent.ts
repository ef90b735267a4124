import type { Agent, Dispatcher, EnvHttpProxyAgent } from 'undici';
import { exportsOf } from '../../runtime/exports-of.js';

/** How {@link createAgent} connects. */
export interface AgentOptions {
  /** Time limit of the TCP and TLS connection. */
  readonly connectTimeoutMs: number;
  /** See {@link OpenAiProviderOptions.proxy}. */
  readonly proxy: string | undefined;
}

/** Creates the provider's own pool of kept-alive connections, direct or through a proxy. */
export async function createAgent({ connectTimeoutMs, proxy }: AgentOptions): Promise<Dispatcher> {
  const { Agent, EnvHttpProxyAgent, ProxyAgent } = exportsOf(await import('undici'));
  const connect = { timeout: connectTimeoutMs };
  const options: Agent.Options = {
    // A stream occupies one connection for its whole time, so a limit would make requests wait.
    connections: null,
    pipelining: 1,
    connect,
    keepAliveTimeout: 15_000,
    // The stream has its own timeouts, which stop while its reader is paused.
    headersTimeout: 0,
    bodyTimeout: 0,
  };
  if (proxy === undefined) return new Agent(options);
  // Only TLS goes through a tunnel, since many proxies open tunnels to port 443 only.
  const through = { ...options, proxyTls: connect, requestTls: connect, proxyTunnel: false };
  if (proxy !== 'environment') return new ProxyAgent({ ...through, uri: proxy });
  const proxies = { httpProxy: proxyOf('http_proxy'), httpsProxy: proxyOf('https_proxy') };
  return new EnvHttpProxyAgent({ ...through, ...proxies, noProxy: exceptions() } as EnvHttpProxyAgent.Options);
}

/** The proxy that the environment names. Without a scheme, as in `proxy:3128`, it is one for HTTP, as for curl and Go. */
function proxyOf(name: string): string | undefined {
  const value = fromEnvironment(name);
  return value === undefined || value === '' || value.includes('://') ? value : `http://${value}`;
}

/** The hosts that are reached without the proxy: also this machine, as for Go. A proxy elsewhere would ask its own machine. */
function exceptions(): string {
  const value = fromEnvironment('no_proxy') ?? '';
  return value.trim() === '*' ? '*' : `${value},localhost,127.0.0.1,[::1]`;
}

function fromEnvironment(name: string): string | undefined {
  return process.env[name] ?? process.env[name.toUpperCase()];
}
