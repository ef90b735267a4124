import { ANONYMOUS } from '../../connection/principal.js';
import { andThen } from '../../runtime/awaitable.js';
import { isFinal } from '../../store/run-state.js';
import { wireState } from '../../store/run-store.js';
import type { Handler } from '../handler-context.js';

/**
 * Sends the runs of a principal that can be read. Clients that share the principal `anonymous` get only the runs that their
 * connection started or resumed.
 */
export const handleListRuns: Handler<'list_runs'> = ({ runs, readers, answers }, connection, message) =>
  answers.inTurn(connection, () => {
    const { principal } = connection;
    const listed = principal.id === ANONYMOUS.id ? readers.seenBy(connection) : runs.list(principal);
    return andThen(listed, (found) => {
      connection.sendMessage({
        type: 'runs',
        timestamp: connection.timestamp(),
        runs: found.map(({ meta, state, log, host = '' }) => ({
          run_id: meta.id,
          kind: meta.kind,
          state: wireState({ state, log }),
          ...(meta.conversationId !== undefined && { conversation_id: meta.conversationId }),
          head: log.published,
          // A run that waits for a worker has no host.
          ...(host !== '' && !isFinal(state) && { node_id: host }),
        })),
        request_id: message.request_id,
      });
    });
  });
