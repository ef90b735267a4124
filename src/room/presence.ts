import type { Connection } from '../connection/connection.js';
import { encodeMessage } from '../protocol/encode.js';
import type { MemberState } from '../protocol/room-fields.js';
import type { ServerMessageOf } from '../protocol/server-messages.js';
import type { Member, RoomMember } from './member.js';
import type { Members } from './members.js';

/** A connection in a room. */
export interface Visitor {
  readonly connection: Connection;
  readonly member: Member;
  /** Sends what is new in the log. */
  pump(): void;
}

/** A room, as far as presence needs it. */
interface Hall {
  readonly name: string;
  readonly visitors: ReadonlySet<Visitor>;
  readonly members: Members;
}

type Frame = Omit<ServerMessageOf<'presence'>, 'type' | 'room' | 'count'>;

/** How long changes are collected, in milliseconds, and how much longer for each connection that is told. */
const DELAY_MS = 20;
const DELAY_PER_VISITOR_MS = 0.25;

/** Length of the members in one message, in UTF-16 units. */
const FRAME_LENGTH = 65_536;

/**
 * Tells the connections of a room who is there. Changes are collected for a moment, so that a thousand members who come
 * back at once cost a few messages each instead of a thousand. A connection that is not writable misses changes and gets
 * the whole list later: nothing waits for it.
 */
export class Presence {
  /** What the agent of the room does; asked for whenever changes are told. */
  agentState: () => MemberState = () => 'idle';
  readonly #room: Hall;
  /** Ids of the members who came, changed or left since the last message. */
  readonly #changed = new Set<string>();
  /** Ids of the members here of whom other nodes do not know the latest. */
  readonly #untold = new Set<string>();
  /** Ids of the members that were told. */
  readonly #told = new Set<string>();
  /** Connections that need the whole list. */
  readonly #fresh = new Set<Visitor>();
  #toldAgent: MemberState = 'idle';
  #timer: NodeJS.Timeout | undefined;

  constructor(room: Hall) {
    this.#room = room;
  }

  /** A member here came, changed or left. */
  touch({ id }: Pick<Member, 'id'>): void {
    this.#changed.add(id);
    this.recount({ id });
  }

  /** A member here has more connections, or fewer, which only other nodes need to know. */
  recount({ id }: Pick<Member, 'id'>): void {
    this.#untold.add(id);
    this.schedule();
  }

  /** Members at other nodes came, changed or left. */
  onMembers(ids: readonly string[]): void {
    for (const id of ids) {
      this.#room.members.update(id, this.#untold.has(id));
      this.#changed.add(id);
    }
    this.schedule();
  }

  /** A connection needs the whole list. */
  greet(visitor: Visitor): void {
    this.#fresh.add(visitor);
    this.schedule();
  }

  forget(visitor: Visitor): void {
    this.#fresh.delete(visitor);
  }

  onWritable(visitor: Visitor): void {
    if (this.#fresh.has(visitor)) this.schedule();
  }

  /** Tells what has changed, in a moment. */
  schedule(): void {
    this.#timer ??= setTimeout(() => this.#flush(), DELAY_MS + this.#room.visitors.size * DELAY_PER_VISITOR_MS);
    this.#timer.unref();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #flush(): void {
    this.#timer = undefined;
    const { visitors, members } = this.#room;
    members.tell(this.#untold);
    this.#untold.clear();
    const changes = this.#changes();
    const told: Visitor[] = [];
    const fresh: Visitor[] = [];
    for (const reader of visitors) {
      if (!reader.connection.isWritable) {
        if (changes !== undefined) this.#fresh.add(reader);
      } else if (this.#fresh.delete(reader)) fresh.push(reader);
      else told.push(reader);
    }
    if (changes !== undefined) this.#send(told, changes);
    if (fresh.length > 0) this.#send(fresh, { members: this.#all(), agent: agentOf(this.#toldAgent), full: true });
  }

  /** What has changed since the last message; `undefined` for nothing. */
  #changes(): Frame | undefined {
    const members: RoomMember[] = [];
    const left: string[] = [];
    for (const id of this.#changed) {
      const member = this.#room.members.get(id);
      if (member !== undefined) {
        members.push(member);
        this.#told.add(id);
      } else if (this.#told.delete(id)) left.push(id);
    }
    this.#changed.clear();
    const agent = this.agentState();
    const isSameAgent = agent === this.#toldAgent;
    this.#toldAgent = agent;
    if (members.length === 0 && left.length === 0 && isSameAgent) return undefined;
    return { members: members.map(recordOf), left: left.length === 0 ? undefined : left, agent: agentOf(agent) };
  }

  #all(): Frame['members'] {
    return Array.from(this.#room.members, recordOf);
  }

  /** Sends one message, or several if the list is long; each is encoded once. */
  #send(readers: readonly Visitor[], { members, left, agent, full }: Frame): void {
    for (let start = 0; start === 0 || start < members.length;) {
      const end = endOfFrame(members, start);
      const isFirst = start === 0;
      const message = encodeMessage({
        type: 'presence',
        room: this.#room.name,
        count: this.#room.members.size,
        members: members.slice(start, end),
        left: isFirst ? left : undefined,
        agent,
        full: isFirst ? full : undefined,
      });
      const encoded = Buffer.from(message);
      for (const reader of readers) reader.connection.write(encoded);
      start = Math.max(end, 1);
    }
  }
}

function recordOf({ id, name, data, state }: RoomMember): Frame['members'][number] {
  return { member_id: id, name, data, state: agentOf(state) };
}

/** On the wire nothing stands for `idle`. */
function agentOf(state: MemberState): MemberState | undefined {
  return state === 'idle' ? undefined : state;
}

function endOfFrame(members: Frame['members'], start: number): number {
  let length = 0;
  let end = start;
  while (end < members.length && (end === start || length < FRAME_LENGTH)) {
    length += JSON.stringify(members[end]).length;
    end++;
  }
  return end;
}
