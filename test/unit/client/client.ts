import { onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { createAgentClient, type AgentClient, type AgentClientOptions } from '../../../src/client/index.js';
import { ScriptedServer } from '../../helpers/scripted-server.js';

/** A client with short waits that ends with the test. */
export function connectTo(server: ScriptedServer, options: Partial<AgentClientOptions> = {}): AgentClient {
  const client = createAgentClient({ url: server.url, WebSocket, backoff: { baseMs: 1, capMs: 20 }, ...options });
  onTestFinished(() => client.close());
  return client;
}

export async function start(
  options: Partial<AgentClientOptions> = {},
): Promise<{ server: ScriptedServer; client: AgentClient }> {
  const server = await ScriptedServer.start();
  return { server, client: connectTo(server, options) };
}
