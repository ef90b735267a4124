import type { Handler } from '../handler-context.js';

/** Stops one run, or all runs of the connection. The reply follows the last message of every run that was stopped. */
export const handleCancel: Handler<'cancel'> = async ({ readers }, connection, message) => {
  const { outcome, runIds } = await readers.cancel(connection, message.run_id);
  connection.sendMessage({
    type: 'cancelled',
    timestamp: connection.timestamp(),
    outcome,
    run_ids: runIds,
    request_id: message.request_id,
  });
};
