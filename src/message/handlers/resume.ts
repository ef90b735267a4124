import { inTurn } from '../../connection/turn.js';
import { andThen } from '../../runtime/awaitable.js';
import type { Handler } from '../handler-context.js';
import { resume } from './resumed.js';

/** Lets the connection read a run on. A client that has more than the log is told to begin anew. */
export const handleResume: Handler<'resume'> = ({ runs }, connection, message) => {
  const { run_id: runId, after, request_id: requestId } = message;
  return inTurn(connection, () =>
    andThen(runs.find(connection, runId), (run) => {
      // Who has the last message of an interrupted run does not ask: what it has in that place went with the power.
      const isAhead = after > run.log.published || (run.state === 'interrupted' && after === run.log.head);
      if (isAhead) resume(runs, connection, run, { after: 0, requestId, reset: true });
      else resume(runs, connection, run, { after, requestId });
    }),
  );
};
