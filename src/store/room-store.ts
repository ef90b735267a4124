import type { ReadableLog } from '../log/run-log.js';
import type { Awaitable } from '../runtime/awaitable.js';

/** How much is kept of rooms. */
export interface RoomBounds {
  /** Events of one room; the oldest go first. */
  readonly maxEvents: number;
  /** Bytes of the events of one room, roughly; the newest event is kept whatever its size. */
  readonly maxBytes: number;
  /** How long an event is kept, in milliseconds. */
  readonly maxAgeMs: number;
  /** Memory of the events of all rooms, roughly; whoever made the rooms that take most loses events first. */
  readonly maxAllBytes: number;
  /** Rooms that are kept although nobody has them open; those used least recently go first. */
  readonly maxRooms: number;
}

/** An event without its place in the log. */
export interface RoomEntry {
  /** Unix time in seconds. */
  readonly createdAt: number;
  /** The encoded `room_event` up to its last field, which is `seq`: see {@link encodeRoomEvent}. */
  readonly body: string;
  /**
   * Identity of the event: if several processes work with the store, an event whose identity is in the log has the place
   * of the first one, and is not added again.
   */
  readonly key?: string | undefined;
  /** Called before `append` ends if the log has an event with this `key` already, whose place is returned. */
  readonly onRepeated?: (() => void) | undefined;
}

/** The event at its place in the log, as it is sent. */
export function encodeRoomEvent({ body }: RoomEntry, seq: number): string {
  return `${body},"seq":${seq}}`;
}

/** A member of a room, as other nodes need to know it. */
export interface PeerMember {
  readonly id: string;
  readonly principalId: string;
  /** What others see of it, as JSON. */
  readonly shown: string;
  /** Number of its connections at the node. */
  readonly connections: number;
}

/** Gets what happens in a room at other nodes. No method throws. */
export interface PeerListener {
  /** Members at other nodes have changed, came or left. */
  onMembers(ids: readonly string[]): void;
  /** Members whose last nodes have died, as they were told last; of the nodes that have the room open one is called. */
  onGone(members: readonly Omit<PeerMember, 'connections'>[]): void;
  /** Something was said at another node; called before readers are woken. */
  onEvent(encoded: string): void;
  /** Another node has taken a member of this node out of the room. */
  onExpelled(id: string): void;
}

/** The other nodes that have a room open, if several processes work with a store. */
export interface RoomPeers {
  /** Number of connections in the room at other nodes. */
  readonly connections: number;
  /** Ids of the members at other nodes. */
  readonly ids: Iterable<string>;
  /** Whether other nodes have the member. */
  has(id: string): boolean;
  /** Number of connections of a member at other nodes. */
  connectionsOf(id: string): number;
  /** What others see of a member, of all nodes that have it the newest; `undefined` if no node has told it. */
  shown(id: string): string | undefined;
  /** Tells the other nodes of members here; one without connections has left. */
  tell(members: readonly PeerMember[]): void;
  /** Called once, when the room is opened. */
  listen(listener: PeerListener): void;
}

/**
 * The log of a room: a log without an end, of which the oldest entries are deleted. Each entry is one `room_event`. A
 * `read` after a deleted position gives the oldest entries that are kept, or none if none is.
 */
export interface RoomLog extends ReadableLog {
  /** Identity of the log. If a room is deleted and made again, its log has another one. */
  readonly epoch: string;
  /** The oldest `seq` that is kept; `published + 1` if none is. */
  readonly first: number;
  /**
   * Adds an event. Returns its `seq`, which is one more than that of the previous event, once the event is published.
   * Throws or rejects if the event cannot be stored; then it has no place in the log.
   */
  append(entry: RoomEntry): Awaitable<number>;
  /** The other nodes that have the room open, if several processes work with the store. */
  readonly peers?: RoomPeers | undefined;
}

/**
 * Keeps the logs of rooms. A log that was opened is the same object until it is closed. Methods may return their results
 * at once or as promises.
 */
export interface RoomStore {
  /** Memory of this process that the logs take, in bytes, roughly; absent if they take none. */
  readonly heldBytes?: number;
  /**
   * Opens the log of a room, and makes it if there is none.
   * @param payer - under which name a new room counts, so that nobody loses rooms to one who makes many; absent if the
   * server makes it
   */
  open(name: string, bounds: RoomBounds, payer?: string): Awaitable<RoomLog>;
  /** Nobody reads or writes the log any more. The store may free its memory, and may delete it if it is empty. */
  close(name: string): void;
  /**
   * Takes a member out of a room at all other nodes, if several processes work with the store, as soon as the store
   * answers; see {@link PeerListener.onExpelled}. The room need not be open here.
   */
  expel?(name: string, memberId: string): void;
  /** Deletes what exceeds the bounds. Called every few seconds; if it throws or rejects, the error is logged. */
  expire(bounds: RoomBounds): Awaitable<void>;
}
