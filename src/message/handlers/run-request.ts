import type { Connection } from '../../connection/connection.js';
import type { RunRequest } from '../../protocol/client-messages.js';
import type { HandlerContext } from '../handler-context.js';
import { resume } from './resumed.js';

/**
 * Makes a run of a query or a tool call and lets the connection read it. A repeat of a known id reads the run
 * that is there from its start and executes nothing.
 */
export function handleRunRequest({ runs }: HandlerContext, connection: Connection, request: RunRequest): void {
  const acceptance = runs.accept(connection, request);
  const requestId = request.request_id;
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
