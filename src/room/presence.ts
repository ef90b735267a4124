import type { Connection } from '../connection/connection.js';
import { encodeMessage } from '../protocol/encode.js';
import type { MemberState } from '../protocol/room-fields.js';
import type { ServerMessageOf } from '../protocol/server-messages.js';
import type { Member } from './member.js';

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
  /** The members, by the ids of their principals. */
  readonly members: ReadonlyMap<string, Member>;
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
  /** Members who came, changed or left since the last message. */
  readonly #changed = new Set<Member>();
  /** Ids of the members that were told. */
  readonly #told = new Set<string>();
  /** Connections that need the whole list. */
  readonly #fresh = new Set<Visitor>();
  #toldAgent: MemberState = 'idle';
  #timer: NodeJS.Timeout | undefined;

  constructor(room: Hall) {
    this.#room = room;
  }

  /** A member came, changed or left. */
  touch(member: Member): void {
    this.#changed.add(member);
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
    const { visitors } = this.#room;
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
    const members: Member[] = [];
    const left: string[] = [];
    for (const member of this.#changed) {
      // A member who left and came back is another object with the same id.
      const present = this.#room.members.get(member.principal.id);
      if (present === member) {
        members.push(member);
        this.#told.add(member.id);
      } else if (present === undefined && this.#told.delete(member.id)) left.push(member.id);
    }
    this.#changed.clear();
    const agent = this.agentState();
    const isSameAgent = agent === this.#toldAgent;
    this.#toldAgent = agent;
    if (members.length === 0 && left.length === 0 && isSameAgent) return undefined;
    return { members: members.map(recordOf), left: left.length === 0 ? undefined : left, agent: agentOf(agent) };
  }

  #all(): Frame['members'] {
    return Array.from(this.#room.members.values(), recordOf);
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

function recordOf({ id, name, data, state }: Member): Frame['members'][number] {
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
