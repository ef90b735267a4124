import type { IncomingMessage } from 'node:http';
import type { Principal } from '../connection/principal.js';
import { AgentSocketError } from '../protocol/agent-socket-error.js';
import type { Awaitable } from '../runtime/awaitable.js';

/**
 * Finds out who sends a request: the option `authenticate` of `createAgentSocketServer`. `null` refuses the client with
 * close code 4401.
 */
export type AuthHook<P extends Principal = Principal> = (request: IncomingMessage) => Awaitable<P | null>;

/** The principal of a hook. */
type PrincipalOf<Hook extends AuthHook> = NonNullable<Awaited<ReturnType<Hook>>>;

/**
 * Asks hooks in order until one knows the client. A hook that gives `null`, or throws an `AgentSocketError` with code
 * `unauthorized`, leaves the client to the next one.
 * @returns a hook that gives the first principal. If there is none, it throws the first of those errors, which the log
 * then shows, or gives `null`. Any other error of a hook ends the search.
 */
export function firstOf<const Hooks extends readonly AuthHook[]>(
  ...hooks: Hooks
): (request: IncomingMessage) => Promise<PrincipalOf<Hooks[number]> | null> {
  return async (request) => {
    let refusal: AgentSocketError | undefined;
    for (const hook of hooks) {
      try {
        // The compiler knows what any hook gives, but not that this hook is one of them.
        const principal = (await hook(request)) as PrincipalOf<Hooks[number]> | null;
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
