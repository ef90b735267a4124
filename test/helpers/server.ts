import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import {
  createAgentSocketServer,
  type AgentSocketServer,
  type AgentSocketServerOptions,
  type Principal,
} from '../../src/index.js';
import { createScriptedProvider } from '../../src/testing/index.js';

/** A server on its own port, with the HTTP routes mounted; it ends with the test. */
export interface TestServer<P extends Principal = Principal, Metadata = undefined> {
  readonly agent: AgentSocketServer<P, Metadata>;
  readonly http: http.Server;
  /** `ws://…/ws/agent` */
  readonly url: string;
  /** `http://…` */
  readonly origin: string;
  readonly port: number;
}

export async function startServer<P extends Principal = Principal, Metadata = undefined>(
  options: Partial<AgentSocketServerOptions<P, Metadata>> = {},
): Promise<TestServer<P, Metadata>> {
  const server = http.createServer();
  const agent = createAgentSocketServer<P, Metadata>({
    provider: createScriptedProvider(['Hello']),
    // Raw connections of a test read each other's runs; test/integration/anonymous.test.ts tests the default.
    anonymous: 'shared',
    ...options,
    server,
  });
  server.on('request', agent.requestListener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  onTestFinished(async () => {
    await agent.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { agent, http: server, url: `ws://127.0.0.1:${port}/ws/agent`, origin: `http://127.0.0.1:${port}`, port };
}
