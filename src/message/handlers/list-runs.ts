import { ANONYMOUS } from '../../connection/principal.js';
import { toldState } from '../../run/run-store.js';
import type { Handler } from '../handler-context.js';

/** Runs told at most, the newest. */
const MAX_RUNS = 1_000;

/** Tells the runs that can be read. Where nobody is known, a stranger must not learn of the runs of others. */
export const handleListRuns: Handler<'list_runs'> = ({ runs }, connection, message) => {
  const listed = runs.list(connection, connection.principal.id !== ANONYMOUS.id).slice(-MAX_RUNS);
  connection.sendMessage({
    type: 'runs',
    timestamp: connection.timestamp(),
    runs: listed.map(({ meta, state, log }) => ({
      run_id: meta.id,
      kind: meta.kind,
      state: toldState({ state, log }),
      ...(meta.conversationId !== undefined && { conversation_id: meta.conversationId }),
      head: log.published,
    })),
    request_id: message.request_id,
  });
};
