import { randomUUID } from 'node:crypto';
import type { Connection } from '../connection/connection.js';
import type { KnownPrincipal, Principal } from '../connection/principal.js';
import { encodeMessage, now } from '../protocol/encode.js';
import type { MemberState } from '../protocol/room-fields.js';
import { andThen, isLater, orElse, type Awaitable } from '../runtime/awaitable.js';
import { checkOptions, type Checked } from '../runtime/option-table.js';
import { TypedEmitter } from '../runtime/typed-emitter.js';
import type { RoomBounds } from '../store/room-store.js';
import { Openers } from './openers.js';
import { memberIdOf, type Member, type MemberData, type RoomMember } from './member.js';
import {
  badField,
  connectionHasTooManyRooms,
  notJoined,
  roomFull,
  serverHasTooManyRooms,
  tooFast,
} from './room-errors.js';
import type { PublishedMessage, RoomPost, RoomQuestion, RunOfEvent } from './room-post.js';
import { ROOM_OPTIONS, wholeName, type RoomsOptions } from './room-options.js';
import { RoomReader, startOf, type RoomReaderOwner, type RoomStart } from './room-reader.js';
import { hearOtherNodes } from './other-nodes.js';
import { eventKey, RememberedMessages } from './remembered-messages.js';
import { Room } from './room.js';

/** How often logs are freed of what is too old, in milliseconds. */
const EXPIRE_MS = 5_000;

/** How a connection joins. */
export interface JoinRequest extends Omit<RoomStart, 'after' | 'recovered'> {
  readonly after?: number | undefined;
  readonly epoch?: string | undefined;
  readonly name?: string | undefined;
  readonly data?: MemberData | undefined;
}

/** Events of {@link Rooms}. */
export interface RoomEvents<P extends Principal = Principal> {
  /** The first connection of a principal joined; told at the node where it did. */
  join: [room: string, member: RoomMember, principal: KnownPrincipal<P>];
  /**
   * The last connection of a principal left; told at the node where it did. Of a principal whose node has died, only the id is
   * known: told after the lease, at one of the nodes that have the room open.
   */
  leave: [room: string, member: RoomMember, principal: KnownPrincipal<P>];
  /** Something was said; `principal` is absent if the server said it. */
  message: [room: string, message: PublishedMessage & RoomPost, principal: KnownPrincipal<P> | undefined];
}

/** The rooms of a server: who is there, and what is said. */
export class Rooms<P extends Principal = Principal> extends TypedEmitter<RoomEvents<P>> {
  readonly #options: Checked<RoomsOptions, typeof ROOM_OPTIONS>;
  readonly #bounds: RoomBounds;
  readonly #names: RegExp;
  readonly #rooms = new Map<string, Room>();
  /** Rooms whose logs are being opened. */
  readonly #opening = new Map<string, Promise<Room>>();
  readonly #openers: Openers;
  readonly #remembered = new RememberedMessages();
  readonly #joined = new WeakMap<Connection, Map<string, RoomReader>>();
  readonly #expiry: NodeJS.Timeout;
  readonly #owner: RoomReaderOwner = {
    onGone: (reader) => this.#leave(reader),
    onFault: (reader, error) => this.logger.error({ room: reader.room.name, err: error }, 'A room cannot be read'),
  };

  /** @throws OptionError if an option breaks its rule. */
  constructor(options: RoomsOptions) {
    const checked = checkOptions(options, ROOM_OPTIONS);
    super(checked.logger);
    this.#options = checked;
    this.#openers = new Openers(checked);
    this.#names = wholeName(checked.roomNames);
    this.#bounds = {
      maxEvents: checked.maxRoomEvents,
      maxBytes: checked.maxRoomBytes,
      maxAllBytes: checked.maxAllRoomBytes,
      maxAgeMs: checked.retainRoomsMs,
      maxRooms: checked.maxRooms,
    };
    this.#expiry = setInterval(() => this.#expire(), EXPIRE_MS);
    this.#expiry.unref();
  }

  /**
   * What the agent of a room does; told to its members.
   * @internal
   */
  agentState: (room: string) => MemberState = () => 'idle';

  /**
   * A room was opened that other nodes may have open.
   * @internal
   */
  onShared: (room: string) => void = () => undefined;

  /**
   * A member asked a question, here or at another node.
   * @internal
   */
  onQuestion: (room: string, question: RoomQuestion) => void = () => undefined;

  /** Number of open rooms. */
  get size(): number {
    return this.#rooms.size;
  }

  /** Memory that the logs of the rooms take, in bytes, roughly. */
  get heldBytes(): number {
    return this.#options.store.heldBytes ?? 0;
  }

  /** The members of a room; none if nobody is there. */
  members(room: string): readonly RoomMember[] {
    return [...(this.#rooms.get(room)?.members ?? [])].map(({ id, name, data, state }) => ({
      id,
      name,
      data,
      state,
    }));
  }

  /** The id by which others know a principal in a room. */
  memberId(room: string, principal: Principal): string {
    return memberIdOf(room, principal.id);
  }

  /**
   * Says something in a room, in the name of the server. Resolves when the message is kept and on its way to the members.
   * @throws AgentSocketError (or rejects with it) `invalid_message` if the name or the size is not allowed,
   * `too_many_rooms`; any other error if the store cannot keep the message.
   */
  publish(room: string, post: RoomPost): Awaitable<PublishedMessage> {
    return this.#use(room, (open) => this.#append(open, post, undefined));
  }

  /**
   * Takes all connections of a principal out of a room, at all nodes. Returns how many are known here. They may join again, unless the
   * permissions forbid it.
   */
  remove(room: string, principalId: string): number {
    const id = memberIdOf(room, principalId);
    this.#options.store.expel?.(room, id);
    const open = this.#rooms.get(room);
    return open === undefined ? 0 : open.members.connectionsElsewhereOf(id) + this.#expel(open, id);
  }

  /**
   * Lets a connection join a room, or read it from another position.
   * @internal
   */
  join(connection: Connection, name: string, request: JoinRequest): Awaitable<Member> {
    const joined = this.#joined.get(connection);
    const { maxRoomsPerConnection, maxRoomMembers } = this.#options;
    if (joined?.has(name) !== true && (joined?.size ?? 0) >= maxRoomsPerConnection) {
      throw connectionHasTooManyRooms(maxRoomsPerConnection);
    }
    const work = (room: Room): Member => {
      let reader = this.#joined.get(connection)?.get(name);
      if (reader === undefined && room.connections >= maxRoomMembers) {
        const rival = room.rivalOf(connection);
        if (rival === undefined) throw roomFull(maxRoomMembers);
        this.takeOut(rival, name);
      }
      const member = reader?.member ?? room.members.of(connection.principal);
      member.renew(connection.principal);
      member.rename(request.name);
      room.settleName(member);
      if (request.data !== undefined) member.data = request.data;
      if (reader === undefined) reader = this.#enter(connection, room, member);
      else room.presence.touch(member);
      reader.begin({ ...startOf(room.log, request), requestId: request.requestId });
      return member;
    };
    return this.#use(name, work, connection);
  }

  /**
   * Takes a connection out of a room. Does nothing if it is not there.
   * @internal
   */
  leave(connection: Connection, name: string): void {
    const reader = this.#joined.get(connection)?.get(name);
    if (reader === undefined) return;
    reader.end();
    this.#leave(reader);
  }

  /**
   * A connection has newer credentials: its members have the name that they say.
   * @internal
   */
  renew(connection: Connection): void {
    for (const { room, member } of this.joinedBy(connection).values()) room.renew(member, connection.principal);
  }

  /**
   * The room that a connection has joined.
   * @throws AgentSocketError `room_not_joined`
   * @internal
   */
  readerOf(connection: Connection, name: string): RoomReader {
    const reader = this.#joined.get(connection)?.get(name);
    if (reader === undefined) throw notJoined();
    return reader;
  }

  /**
   * The rooms that a connection has joined, by their names.
   * @internal
   */
  joinedBy(connection: Connection): ReadonlyMap<string, RoomReader> {
    return this.#joined.get(connection) ?? new Map();
  }

  /**
   * An open room.
   * @internal
   */
  get(name: string): Room | undefined {
    return this.#rooms.get(name);
  }

  /**
   * Counts a message of a member.
   * @throws AgentSocketError `rate_limited`
   * @internal
   */
  count({ room, connection, member }: RoomReader): void {
    const waitMs = room.take(connection, member);
    if (waitMs > 0) throw tooFast(waitMs);
  }

  /**
   * Says something in the name of a member.
   * @internal
   */
  post(reader: RoomReader, post: RoomPost & { readonly run?: RunOfEvent }): Awaitable<PublishedMessage> {
    return this.#use(reader.room.name, (open) => this.#append(open, post, reader));
  }

  /**
   * Says that a member asked a question. The run has begun: an error of the store is logged.
   * @internal
   */
  postRun(reader: RoomReader, post: RoomPost & { readonly run: RunOfEvent }): void {
    const { id: memberId, name } = reader.member;
    this.onQuestion(reader.room.name, { runId: post.run.run_id, content: post.content, memberId, name });
    void orElse(
      () => this.post(reader, post),
      (error) => {
        this.logger.error({ room: reader.room.name, err: error }, 'A question could not be noted in its room');
        return { messageId: '', seq: 0 };
      },
    );
  }

  /** Stops all timers. Called when the server closes. */
  stop(): void {
    clearInterval(this.#expiry);
    for (const room of this.#rooms.values()) room.presence.stop();
  }

  #append(room: Room, post: RoomPost & { readonly run?: RunOfEvent }, reader: RoomReader | undefined) {
    const { content, data, run, messageId = randomUUID() } = post;
    if (content === undefined && data === undefined) throw badField('content', 'needs `content` or `data`');
    const createdAt = now();
    const author = reader?.member;
    const principal = reader?.connection.principal;
    const from = author && { member_id: author.id, name: author.name };
    const message = { type: 'room_event', room: room.name, message_id: messageId, from, content, data, run } as const;
    // The last field is `seq`, which the log adds.
    const body = encodeMessage({ ...message, created_at: createdAt }).slice(0, -1);
    const { maxRoomMessageBytes } = this.#options;
    if (run === undefined && Buffer.byteLength(body) > maxRoomMessageBytes) {
      throw badField(content === undefined ? 'data' : 'content', `must fit into ${maxRoomMessageBytes} bytes`);
    }
    const added = (seq: number): void =>
      this.emit('message', room.name, { messageId, seq, content, data }, principal as P | undefined);
    const place = room.append(eventKey(author?.id, messageId), { createdAt, body }, added);
    return andThen(place, (seq): PublishedMessage => ({ messageId, seq }));
  }

  /** Takes all connections of a member out of a room. Returns how many there were. */
  #expel({ name, visitors }: Room, id: string): number {
    const removed = [...visitors].filter(({ member }) => member.id === id);
    for (const { connection } of removed) this.takeOut(connection, name);
    return removed.length;
  }

  /**
   * Takes a connection out of a room without being asked, and tells it.
   * @internal
   */
  takeOut(connection: Connection, room: string): void {
    this.leave(connection, room);
    connection.sendMessage({ type: 'room_left', timestamp: connection.timestamp(), room });
  }

  #enter(connection: Connection, room: Room, member: Member): RoomReader {
    const reader = new RoomReader(connection, room, member, this.#owner);
    let joined = this.#joined.get(connection);
    if (joined === undefined) this.#joined.set(connection, (joined = new Map<string, RoomReader>()));
    joined.set(room.name, reader);
    const isFirst = room.enter(reader);
    connection.addReader(reader);
    if (!connection.isOpen) this.leave(connection, room.name);
    else if (isFirst) this.emit('join', room.name, member, connection.principal as P);
    return reader;
  }

  #leave(reader: RoomReader): void {
    const { connection, room, member } = reader;
    this.#joined.get(connection)?.delete(room.name);
    if (room.leave(reader)) this.emit('leave', room.name, member, connection.principal as P);
    this.#closeIfIdle(room);
  }

  /** Does work with a room, which stays open until the work is done. */
  #use<T>(name: string, work: (room: Room) => Awaitable<T>, by?: Connection): Awaitable<T> {
    return andThen(this.#open(name, by), (room) => {
      room.uses++;
      const done = (): void => {
        room.uses--;
        this.#closeIfIdle(room);
      };
      let result: Awaitable<T>;
      try {
        result = work(room);
      } catch (error) {
        done();
        throw error;
      }
      if (!isLater(result)) {
        done();
        return result;
      }
      return result.finally(done);
    });
  }

  /** @param by - whose room it is if it is opened now; absent for the server itself */
  #open(name: string, by: Connection | undefined): Awaitable<Room> {
    const open = this.#rooms.get(name) ?? this.#opening.get(name);
    if (open !== undefined) return open;
    if (!this.#names.test(name)) throw badField('room', 'is not a name that a room may have');
    if (this.#rooms.size + this.#opening.size >= this.#options.maxRooms) throw serverHasTooManyRooms();
    const opener = by?.accounts;
    if (opener !== undefined) this.#openers.open(opener);
    const logOpened = orElse(
      () => this.#options.store.open(name, this.#bounds, by?.payer),
      (error) => {
        if (opener !== undefined) this.#openers.close(opener);
        throw error;
      },
    );
    const opened = andThen(logOpened, (log) => {
      const room = new Room(name, log, this.#options, this.#remembered);
      room.opener = opener;
      room.presence.agentState = () => this.agentState(name);
      this.#rooms.set(name, room);
      this.#listen(room);
      return room;
    });
    if (isLater(opened)) {
      this.#opening.set(name, opened);
      opened.finally(() => this.#opening.delete(name)).catch(() => undefined);
    }
    return opened;
  }

  #listen(room: Room): void {
    const { name } = room;
    const isShared = hearOtherNodes(room, {
      onExpelled: (id) => void this.#expel(room, id),
      onLeft: (member, id) => this.emit('leave', name, member, { id } as P),
      onQuestion: (question) => this.onQuestion(name, question),
    });
    if (isShared) this.onShared(name);
  }

  #closeIfIdle(room: Room): void {
    if (!room.isIdle || this.#rooms.get(room.name) !== room) return;
    this.#rooms.delete(room.name);
    if (room.opener !== undefined) this.#openers.close(room.opener);
    room.close();
    this.#options.store.close(room.name);
  }

  #expire(): void {
    void orElse(
      () => this.#options.store.expire(this.#bounds),
      (error) => this.logger.error({ err: error }, 'The room store failed to expire'),
    );
  }
}
