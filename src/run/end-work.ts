import type { AgentSocketError } from '../errors/agent-socket-error.js';
import { isLater, type Awaitable } from './awaitable.js';
import type { FinalState } from './run-state.js';
import type { RunOutcome, RunWorker } from './run-worker.js';
import { orTimeout } from './within.js';

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
