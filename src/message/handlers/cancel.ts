import { roomOf } from '../../room/room-owner.js';
import type { RunHandle } from '../../run/run-handle.js';
import type { Handler } from '../handler-context.js';
import { ownerOf } from '../run-place.js';

/** Stops one run, or all runs of the connection. The reply follows the last message of every run that was stopped. */
export const handleCancel: Handler<'cancel'> = async (context, connection, message) => {
  const { readers, permissions } = context;
  const { principal } = connection;
  const { room, run_id: id } = message;
  const owner = ownerOf(context, connection, { room });
  const mayStop = ({ meta }: RunHandle): boolean => {
    const where = roomOf(meta.owner);
    if (where === undefined) return room === undefined;
    return (room ?? where) === where && permissions.allows(principal, 'room_cancel', { room: where });
  };
  const { outcome, runIds } = await readers.cancel(connection, { id, owner, mayStop });
  connection.sendMessage({
    type: 'cancelled',
    timestamp: connection.timestamp(),
    outcome,
    run_ids: runIds,
    request_id: message.request_id,
  });
};
