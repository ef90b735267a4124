import type { AgentClient } from './client.js';
import { checkOptions, type AgentClientOptions } from './options.js';
import { Session } from './session.js';

/**
 * Makes a client. It connects at the first request, or by `connect()`.
 * @throws TypeError for an option that is not known or breaks its rule; the message names option, rule and value. The
 * options of its requests are checked in the same way.
 */
export function createAgentClient(options: AgentClientOptions): AgentClient {
  return new Session(checkOptions(options));
}
