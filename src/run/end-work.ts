import { AgentSocketError } from '../protocol/agent-socket-error.js';
import { isLater, type Awaitable } from '../runtime/awaitable.js';
import type { FinalState } from '../store/run-state.js';
import { orTimeout } from '../runtime/within.js';
import { interrupted, serverFailed } from './run-errors.js';
import type { RunOutcome, RunWorker, StopCause } from './run-worker.js';

/** How long a worker may take to write the end of its run, in milliseconds. */
const END_MS = 30_000;

/** Calls `end` of a worker. Rejects if the worker takes too long, so that every run ends. */
export function endWork(
  worker: RunWorker | undefined,
  state: FinalState,
  failure: AgentSocketError | undefined,
): Awaitable<RunOutcome> {
  const outcome = worker?.end(state, failure) ?? {};
  return isLater(outcome) ? orTimeout(END_MS, outcome) : outcome;
}

/**
 * The error of a run whose work did not finish; `undefined` if the run was cancelled.
 * @param error - what the work threw; `onFault` gets an error whose text is not for clients
 */
export function failureOf(
  stop: StopCause | undefined,
  error: unknown,
  onFault: (error: unknown) => void,
): AgentSocketError | undefined {
  if (stop?.state === 'cancelled') return undefined;
  if (stop?.state === 'interrupted') return interrupted();
  if (stop !== undefined) return stop.error;
  if (AgentSocketError.isInstance(error)) return error;
  onFault(error);
  return serverFailed(error);
}
