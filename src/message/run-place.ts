import type { Connection } from '../connection/connection.js';
import type { Principal } from '../connection/principal.js';
import type { ConversationKey } from '../store/conversation-store.js';
import { badField } from '../room/room-errors.js';
import { roomOwner } from '../room/room-owner.js';
import type { HandlerContext } from './handler-context.js';
import { roomsOf } from './handlers/room.js';

/** Who owns the run or the conversation that a message is about. */
export interface Place {
  /** A room that the connection has joined. */
  readonly room?: string | undefined;
}

/**
 * The owner of the runs that a message is about: the room that it names, or else the principal.
 * @throws AgentSocketError `room_not_joined`
 */
export function ownerOf(context: HandlerContext, connection: Connection, { room }: Place): Principal {
  if (room === undefined) return connection.principal;
  roomsOf(context).readerOf(connection, room);
  return roomOwner(room);
}

/**
 * The conversation that a message is about. A room has one, with its own name.
 * @throws AgentSocketError `room_not_joined`, `invalid_message`
 */
export function conversationOf(
  context: HandlerContext,
  connection: Connection,
  { room, conversation_id: id }: Place & { readonly conversation_id: string },
): ConversationKey {
  if (room !== undefined && id !== room)
    throw badField('conversation_id', 'is the name of the room, if there is a room');
  return { owner: ownerOf(context, connection, { room }).id, id };
}
