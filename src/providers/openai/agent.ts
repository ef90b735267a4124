import type { Agent, Dispatcher } from 'undici';

/** How {@link createAgent} connects. */
export interface AgentOptions {
  /** For the TCP and TLS connection. */
  readonly connectTimeoutMs: number;
  /** See {@link OpenAiProviderOptions.proxy}. */
  readonly proxy: string | undefined;
}

/** The connections of a provider, which are its own and are kept alive, straight or through a proxy. */
export async function createAgent({ connectTimeoutMs, proxy }: AgentOptions): Promise<Dispatcher> {
  const { Agent, EnvHttpProxyAgent, ProxyAgent } = await import('undici');
  const connect = { timeout: connectTimeoutMs };
  const options: Agent.Options = {
    // One stream holds one connection for as long as it lasts, so there is no limit to share here.
    connections: null,
    pipelining: 1,
    connect,
    keepAliveTimeout: 15_000,
    // The stream has clocks of its own, which stop while its reader is paused.
    headersTimeout: 0,
    bodyTimeout: 0,
  };
  if (proxy === undefined) return new Agent(options);
  // Only TLS goes through a tunnel: many proxies open none to other ports.
  const through = { ...options, proxyTls: connect, requestTls: connect, proxyTunnel: false };
  return proxy === 'environment' ? new EnvHttpProxyAgent(through) : new ProxyAgent({ ...through, uri: proxy });
}
