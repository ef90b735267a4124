import { inTurn } from '../../connection/turn.js';
import { notFound } from '../../run/run-errors.js';
import { andThen } from '../../runtime/awaitable.js';
import type { Handler } from '../handler-context.js';
import { ownerOf } from '../run-place.js';
import { readOn } from './read-on.js';

/** Lets the connection continue to read a run. A client that has more messages than the log starts over. */
export const handleResume: Handler<'resume'> = (context, connection, message) => {
  const { run_id: runId, after, room, request_id: requestId } = message;
  return inTurn(connection, () =>
    andThen(context.runs.get(ownerOf(context, connection, { room }), runId), (run) => {
      if (run === undefined) throw notFound();
      context.readers.check(connection, runId);
      // A client that holds the final message never resumes. If `after` equals the head of an interrupted run, a power
      // failure replaced what the client holds.
      const isAhead = after > run.log.published || (run.state === 'interrupted' && after === run.log.head);
      context.onResumed(connection, run, isAhead);
      readOn(context, connection, run, isAhead ? { after: 0, requestId, reset: true } : { after, requestId });
    }),
  );
};
