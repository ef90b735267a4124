import { CLOSE_CODES } from '../protocol/close-codes.js';
import { AgentClientError } from './client-error.js';
import type { Close } from './web-socket.js';

/** The error if the server closed the connection for good. */
export function closeError({ code, reason }: Close): AgentClientError {
  const message = `The server closed the connection with ${code}${reason === '' ? '' : `: ${reason}`}`;
  const isUnauthorized = code === CLOSE_CODES.unauthorized.code;
  const refusal = isUnauthorized ? 'unauthorized' : code === CLOSE_CODES.forbidden.code && 'forbidden';
  return new AgentClientError(refusal || 'connection_closed', message, { closeCode: code });
}

/** The error if an attempt to connect had no token. */
export function tokenError(cause: unknown): AgentClientError {
  const why = messageOf(cause) ?? 'it cannot be had';
  return new AgentClientError('token_failed', `There was no token to connect with: ${why}`, { cause });
}

export function messageOf(cause: unknown): string | undefined {
  return cause instanceof Error ? cause.message : undefined;
}
