import type { Connection } from '../../connection/connection.js';
import type { RunRequest } from '../../protocol/client-messages.js';
import type { HandlerContext } from '../handler-context.js';

/**
 * Makes a run of a query or a tool call and lets the connection read it. A repeat of a known id reads the run
 * that is there from its start and executes nothing.
 */
export function handleRunRequest({ runs }: HandlerContext, connection: Connection, request: RunRequest): void {
  const acceptance = runs.accept(connection, request);
  const requestId = request.request_id;
  if (acceptance.status === 'created') {
    const { run } = acceptance;
    if (connection.negotiated) {
      const timestamp = connection.timestamp();
      connection.sendMessage({ type: 'accepted', timestamp, run_id: run.id, state: run.state, request_id: requestId });
    }
    runs.subscribe(connection, run, 0, requestId);
    acceptance.begin();
    return;
  }
  const { run } = acceptance;
  if (connection.negotiated) {
    connection.sendMessage({
      type: 'resumed',
      timestamp: connection.timestamp(),
      run_id: 'meta' in run ? run.meta.id : run.id,
      after: 0,
      head: run.log.published,
      state: run.state,
      request_id: requestId,
    });
  }
  runs.subscribe(connection, run, 0, requestId);
}
