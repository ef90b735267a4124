import { AgentSocketError } from '../protocol/agent-socket-error.js';
import type { StopCause } from './run-worker.js';

/** When to ask again for a place in a full line, at the earliest, in milliseconds. */
const LINE_MS = 1_000;

/** The owner has no run with this id. */
export function notFound(): AgentSocketError {
  return new AgentSocketError('run_not_found', 'No run has this id, or its output is gone');
}

/** The id belongs to a run with another content. */
export function conflict(): AgentSocketError {
  return new AgentSocketError('run_id_conflict', 'A run with this id was asked for with other content');
}

/** The id belongs to a run whose log is deleted. */
export function expired(): AgentSocketError {
  return new AgentSocketError(
    'run_expired',
    'A run with this id ended and its output is gone; it is not executed again',
  );
}

/** The conversation is busy, and the request said `when_busy: 'reject'`. */
export function conversationBusy(): AgentSocketError {
  return new AgentSocketError('conversation_busy', 'The conversation has a run in progress');
}

/** The queue of the conversation is full. */
export function queueFull(max: number): AgentSocketError {
  return new AgentSocketError('conversation_busy', `The conversation has ${max} runs in progress or in line`);
}

/** The server is shutting down. */
export function restarting(): AgentSocketError {
  return new AgentSocketError('too_many_runs', 'The server is restarting and takes no new runs');
}

/** The runs in progress have reached the memory limit. */
export function serverFull(): AgentSocketError {
  return new AgentSocketError('too_many_runs', 'The server holds as much output as it can; try again later');
}

/**
 * As many runs wait for a worker as may.
 * @param msPerPlace - how long one place in the line takes at present, in milliseconds
 */
export function lineFull(msPerPlace = LINE_MS): AgentSocketError {
  return new AgentSocketError('too_many_runs', 'As many runs wait as may; try again later', {
    retryAfterMs: Math.max(Math.round(msPerPlace), LINE_MS),
  });
}

/** What the operator is told if the clients of an address have used up its share. */
export const ADDRESS_DETAIL =
  'The clients of one address have used up its share; if it is the address of a proxy, name the proxy in trustedProxies';

const HOLDERS = { owner: 'You have', address: 'The clients of your address have' } as const;

/** An owner or an address has as many runs in progress as it may. */
export function shareFull(of: keyof typeof HOLDERS, max: number): AgentSocketError {
  return new AgentSocketError('too_many_runs', `${HOLDERS[of]} ${max} runs in progress already`, {
    detail: of === 'address' ? ADDRESS_DETAIL : undefined,
  });
}

/** The runs of an owner or an address hold as much output as they may. */
export function shareBytesFull(of: keyof typeof HOLDERS): AgentSocketError {
  return new AgentSocketError('too_many_runs', `${HOLDERS[of]} as much output in progress as the server holds for one`);
}

/** The connection reads the maximum number of runs that it started or resumed. */
export function connectionFull(max: number): AgentSocketError {
  return new AgentSocketError('too_many_runs', `This connection reads ${max} runs already`);
}

/** No approval was asked for. */
export function approvalNotFound(): AgentSocketError {
  return new AgentSocketError('approval_not_found', 'The run asked for no approval of this call');
}

/** Stops a run whose output is too large. */
export function tooLarge(message: string): StopCause {
  return { state: 'failed', error: new AgentSocketError('output_too_large', message) };
}

/** The process of the run ended before the run did. */
export function interrupted(): AgentSocketError {
  return new AgentSocketError('run_interrupted', 'The server stopped before the answer was complete');
}

/** An internal error without details for the client; `cause` goes to the log of the server, and may be meant for it. */
export function serverFailed(cause: unknown): AgentSocketError {
  if (AgentSocketError.isInstance(cause)) return cause;
  return new AgentSocketError('internal_error', 'The server failed', { cause });
}
