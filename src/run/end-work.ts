import { AgentSocketError } from '../protocol/agent-socket-error.js';
import { isLater, type Awaitable } from '../runtime/awaitable.js';
import type { FinalState } from '../store/run-state.js';
import { orTimeout } from '../runtime/within.js';
import { interrupted, serverFailed } from './run-errors.js';
import type { RunOutcome, RunWorker, StopCause } from './run-worker.js';

/** How long a worker may take to write what belongs to the end of its run, in milliseconds. */
const END_MS = 30_000;

/** Lets a worker take leave. Rejects where it takes too long: every run ends. */
export function endWork(
  worker: RunWorker | undefined,
  state: FinalState,
  failure: AgentSocketError | undefined,
): Awaitable<RunOutcome> {
  const outcome = worker?.end(state, failure) ?? {};
  return isLater(outcome) ? orTimeout(END_MS, outcome) : outcome;
}

/**
 * Why a run is over before its work was done; `undefined` where somebody cancelled it.
 * @param error - what the work threw; `onFault` is told of one that no client may read
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
