import type { AgentSocketError } from '../protocol/agent-socket-error.js';
import type { ServerMessageOf, ServerMessageType, Usage } from '../protocol/server-messages.js';

/** A message of a run without its position in the log. */
export type RunMessage = {
  [T in ServerMessageType]: Omit<ServerMessageOf<T>, 'timestamp' | 'run_id' | 'seq' | 'request_id'>;
}[ServerMessageType];

/** An error as the final message of a run. */
export function errorMessage(
  error: AgentSocketError,
  outcome: { readonly usage?: Usage | undefined; readonly content?: string | undefined },
): RunMessage {
  return {
    type: 'error',
    error: error.message,
    code: error.code,
    retryable: error.retryable,
    retry_after_ms: error.retryAfterMs,
    issues: error.issues?.map(({ path, message }) => ({ path, message })),
    finish_reason: 'error',
    ...outcome,
  };
}
