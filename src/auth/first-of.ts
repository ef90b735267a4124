import type { IncomingMessage } from 'node:http';
import type { Principal } from '../connection/principal.js';
import { AgentSocketError } from '../protocol/agent-socket-error.js';
import type { Awaitable } from '../runtime/awaitable.js';

/**
 * Finds out who sends a request: the option `authenticate` of `createAgentSocketServer`. `null` refuses the client with
 * close code 4401.
 */
export type AuthHook<P extends Principal = Principal> = (request: IncomingMessage) => Awaitable<P | null>;

/**
 * Asks hooks in order until one knows the client. A hook that gives `null`, or throws an `AgentSocketError` with code
 * `unauthorized`, leaves the client to the next one.
 * @returns a hook that gives the first principal. If there is none, it throws the first of those errors, which the log
 * then shows, or gives `null`. Any other error of a hook ends the search.
 */
export function firstOf<P extends Principal>(
  ...hooks: readonly AuthHook<P>[]
): (request: IncomingMessage) => Promise<P | null> {
  return async (request) => {
    let refusal: AgentSocketError | undefined;
    for (const hook of hooks) {
      try {
        const principal = await hook(request);
        if (principal !== null) return principal;
      } catch (error) {
        if (!AgentSocketError.isInstance(error) || error.code !== 'unauthorized') throw error;
        refusal ??= error;
      }
    }
    if (refusal !== undefined) throw refusal;
    return null;
  };
}
