import type { AgentClient } from './client.js';
import { checkOptions, type AgentClientOptions } from './options.js';
import { Session } from './session.js';

/**
 * Creates a client. It connects at the first request, or with `connect()`.
 * @throws TypeError for an option that is unknown or breaks its rule; the message names the option, the rule and the
 * value.
 * The options of requests are checked in the same way.
 */
export function createAgentClient(options: AgentClientOptions): AgentClient {
  return new Session(checkOptions(options));
}
