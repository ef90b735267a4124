import type { Connection } from '../../connection/connection.js';
import { ANONYMOUS } from '../../connection/principal.js';
import type { ClientMessageOf } from '../../protocol/client-messages.js';
import { andThen, type Awaitable } from '../../runtime/awaitable.js';
import type { RunManager } from '../../run/run-manager.js';
import { toldState } from '../../store/run-store.js';
import type { Handler } from '../handler-context.js';

/** Tells the runs that can be read. Where nobody is known, a stranger must not learn of the runs of others. */
export const handleListRuns: Handler<'list_runs'> = ({ runs, answers }, connection, message) =>
  answers.inTurn(connection, () => answer(runs, connection, message));

function answer(runs: RunManager, connection: Connection, message: ClientMessageOf<'list_runs'>): Awaitable<void> {
  return andThen(runs.list(connection, connection.principal.id !== ANONYMOUS.id), (listed) => {
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
  });
}
