import type { ServerMessageOf } from '../protocol/server-messages.js';
import type { RoomMember } from './member.js';
import { decode } from './members.js';
import type { Room } from './room.js';
import type { RoomQuestion } from './room-post.js';

/** Gets what happens in a room at other nodes. */
export interface OtherNodesListener {
  /** A member of this node was taken out of the room. */
  onExpelled(id: string): void;
  /** The last node of a member has died. */
  onLeft(member: RoomMember, principalId: string): void;
  /** A member asked a question. */
  onQuestion(question: RoomQuestion): void;
}

/** Takes what happens in a room at other nodes, if there can be any. Returns whether there can be. */
export function hearOtherNodes(room: Room, listener: OtherNodesListener): boolean {
  const { peers } = room.log;
  peers?.listen({
    onMembers: (ids) => room.onMembers(ids),
    onExpelled: (id) => listener.onExpelled(id),
    onGone: (gone) => {
      for (const { id, principalId, shown } of gone) {
        if (room.members.get(id) === undefined) listener.onLeft({ id, ...decode(shown) }, principalId);
      }
    },
    onEvent: (encoded) => {
      const { from, content, run } = JSON.parse(encoded) as ServerMessageOf<'room_event'>;
      if (from === undefined) return;
      room.takeElsewhere(from.member_id);
      const { member_id: memberId, name } = from;
      if (run !== undefined) listener.onQuestion({ runId: run.run_id, content, memberId, name });
    },
  });
  return peers !== undefined;
}
