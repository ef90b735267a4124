import type { Connection } from '../../connection/connection.js';
import { inTurn } from '../../connection/turn.js';
import type { RunRequest } from '../../protocol/client-messages.js';
import { andThen, type Awaitable } from '../../runtime/awaitable.js';
import type { HandlerContext } from '../handler-context.js';
import { readOn } from './read-on.js';

/**
 * Creates a run for a query or a tool call, lets the connection read it, and starts it. If the id is known, the connection
 * reads the run that has it from the beginning, and nothing is executed.
 */
export function handleRunRequest(
  context: HandlerContext,
  connection: Connection,
  request: RunRequest,
): Awaitable<void> {
  const { runs, readers } = context;
  const { request_id: requestId } = request;
  return inTurn(connection, () => {
    const { id: connectionId, principal, metadata, remoteAddress, negotiated: canApprove } = connection;
    const { traceparent } = request;
    const trace = traceparent === undefined ? connection.trace : { traceparent };
    readers.check(connection, request.run_id);
    const asker = { principal, metadata, remoteAddress, connectionId, canApprove, trace };
    return andThen(runs.create(asker, request), (created) => {
      const { run } = created;
      if (!created.isNew) return readOn(context, connection, run, { after: 0, requestId });
      if (connection.negotiated) {
        const timestamp = connection.timestamp();
        connection.sendMessage({
          type: 'accepted',
          timestamp,
          run_id: run.id,
          state: run.state,
          request_id: requestId,
        });
      }
      readers.open(connection, run, { after: 0, requestId });
      runs.start(created.run);
    });
  });
}
