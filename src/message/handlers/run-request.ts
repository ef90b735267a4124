import type { Connection } from '../../connection/connection.js';
import { inTurn } from '../../connection/turn.js';
import type { RunRequest } from '../../protocol/client-messages.js';
import { andThen, type Awaitable } from '../../runtime/awaitable.js';
import type { Acceptance, RunManager } from '../../run/run-manager.js';
import type { HandlerContext } from '../handler-context.js';
import { resume } from './resumed.js';

/**
 * Makes a run of a query or a tool call and lets the connection read it. A repeat of a known id reads the run
 * that is there from its start and executes nothing.
 */
export function handleRunRequest(
  { runs }: HandlerContext,
  connection: Connection,
  request: RunRequest,
): Awaitable<void> {
  return inTurn(connection, () =>
    andThen(runs.accept(connection, request), (acceptance) => follow(runs, connection, acceptance, request.request_id)),
  );
}

function follow(runs: RunManager, connection: Connection, acceptance: Acceptance, requestId: string | undefined): void {
  if (acceptance.status === 'existing') {
    resume(runs, connection, acceptance.run, { after: 0, requestId });
    return;
  }
  const { run } = acceptance;
  if (connection.negotiated) {
    const timestamp = connection.timestamp();
    connection.sendMessage({ type: 'accepted', timestamp, run_id: run.id, state: run.state, request_id: requestId });
  }
  runs.subscribe(connection, run, 0, requestId);
  acceptance.begin();
}
