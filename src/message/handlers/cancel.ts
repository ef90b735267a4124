import type { Handler } from '../handler-context.js';

/** Stops one run or all of the connection; the reply follows the last message of every run it stopped. */
export const handleCancel: Handler<'cancel'> = async ({ runs }, connection, message) => {
  const { outcome, runIds } = await runs.cancel(connection, message.run_id);
  connection.sendMessage({
    type: 'cancelled',
    timestamp: connection.timestamp(),
    outcome,
    run_ids: runIds,
    request_id: message.request_id,
  });
};
