import type { Connection } from '../../connection/connection.js';
import { inTurn } from '../../connection/turn.js';
import { AgentSocketError } from '../../protocol/agent-socket-error.js';
import { andThen } from '../../runtime/awaitable.js';
import type { Rooms } from '../../room/rooms.js';
import type { Handler, HandlerContext } from '../handler-context.js';

/** @throws AgentSocketError `forbidden` if the message handler was made without rooms. */
export function roomsOf({ rooms }: HandlerContext): Rooms {
  if (rooms === undefined) throw new AgentSocketError('forbidden', 'This server has no rooms');
  return rooms;
}

/** Lets the connection join a room, and read the runs in progress there from their start. */
export const handleJoin: Handler<'join'> = async (context, connection, message) => {
  const { room, after, epoch, name, data, request_id: requestId } = message;
  await inTurn(connection, () => roomsOf(context).join(connection, room, { after, epoch, name, data, requestId }));
  await showRuns(context, connection, room);
};

/** Sent one by one, since each message may contain a long question. */
async function showRuns({ roomRuns, answers }: HandlerContext, connection: Connection, room: string): Promise<void> {
  for (const run of [...(roomRuns?.inProgress(room) ?? [])]) {
    await answers.inTurn(connection, () => {
      if (!run.isOver) roomRuns?.introduce(connection, room, run);
    });
  }
}

/** Takes the connection out of a room; it continues to read the runs there. */
export const handleLeave: Handler<'leave'> = (context, connection, message) =>
  inTurn(connection, () => {
    const { room, request_id: requestId } = message;
    roomsOf(context).leave(connection, room);
    connection.sendMessage({ type: 'room_left', timestamp: connection.timestamp(), room, request_id: requestId });
  });

/** Says something in a room. Replies when the message is kept. */
export const handleRoomMessage: Handler<'room_message'> = (context, connection, message) =>
  inTurn(connection, () => {
    const { room, content, data, message_id: messageId, request_id: requestId } = message;
    const rooms = roomsOf(context);
    const reader = rooms.readerOf(connection, room);
    rooms.count(reader);
    return andThen(rooms.post(reader, { content, data, messageId }), (published) => {
      connection.sendMessage({
        type: 'room_published',
        timestamp: connection.timestamp(),
        room,
        message_id: published.messageId,
        position: published.seq,
        request_id: requestId,
      });
    });
  });

/** Changes what others see of the member. */
export const handlePresence: Handler<'presence'> = (context, connection, message) =>
  inTurn(connection, () => {
    const { room, state, data } = message;
    const rooms = roomsOf(context);
    const reader = rooms.readerOf(connection, room);
    rooms.count(reader);
    if (state !== undefined) reader.member.act(reader, state);
    reader.member.data = data ?? reader.member.data;
    reader.room.presence.touch(reader.member);
  });
