import { LOGGER, type LoggerOption } from '../runtime/logger-option.js';
import type { OptionTable } from '../runtime/option-table.js';
import { integer, methods, milliseconds, number, size, text } from '../runtime/rule.js';
import type { RoomStore } from '../store/room-store.js';

/** The limits of rooms. */
export interface RoomLimits {
  /**
   * Which names rooms may have, as a regular expression for the whole name. Names of one alphabet cannot look alike.
   * @default '[A-Za-z0-9][A-Za-z0-9._-]*'
   */
  roomNames?: string | undefined;
  /**
   * Rooms that are open at the same time, and rooms that are kept besides them. One more gets `too_many_rooms`, as does
   * whoever opened an eighth of them, or whose address opened a quarter.
   * @default 1000
   */
  maxRooms?: number | undefined;
  /**
   * Rooms that one connection joins. One more gets `too_many_rooms`.
   * @default 16
   */
  maxRoomsPerConnection?: number | undefined;
  /**
   * Connections in one room. One more gets `room_full`, or takes the place of the newest connection of the address that
   * has most, if its own address would still have fewer. The connections at all nodes of a cluster count; of several that
   * join at the same moment at different nodes, a few more may get in.
   * @default 1000
   */
  maxRoomMembers?: number | undefined;
  /**
   * Events that are kept of one room; the oldest go first.
   * @default 1000
   */
  maxRoomEvents?: number | undefined;
  /**
   * Size of the events that are kept of one room. In bytes; the oldest go first.
   * @default 262144
   */
  maxRoomBytes?: number | undefined;
  /**
   * Memory of the events of all rooms together. In bytes; an eighth of it is the most for the rooms that one owner made,
   * or the anonymous clients of one address, who lose the oldest events of their most silent room first.
   * @default 67108864
   */
  maxAllRoomBytes?: number | undefined;
  /**
   * How long the events of a room are kept. In milliseconds.
   * @default 86400000
   */
  retainRoomsMs?: number | undefined;
  /**
   * Size of one message in a room. In bytes, encoded.
   * @default 16384
   */
  maxRoomMessageBytes?: number | undefined;
  /**
   * Messages of all members of a room in a second; more get `rate_limited`. A second's worth may come at once. The members
   * of one address use half of it at most.
   * @default 200
   */
  roomRate?: number | undefined;
  /**
   * Messages and changes of one member in a room in a second; more get `rate_limited`. A second's worth may come at once.
   * @default 10
   */
  roomMemberRate?: number | undefined;
}

/** What {@link Rooms} takes. */
export interface RoomsOptions extends RoomLimits, LoggerOption {
  /** Keeps the logs of rooms. */
  store: RoomStore;
}

export const ROOM_LIMITS = {
  roomNames: {
    text: 'Which names rooms may have, as a regular expression for the whole name.',
    rule: text('a regular expression', isPattern),
    default: '[A-Za-z0-9][A-Za-z0-9._-]*',
  },
  maxRooms: {
    text: 'Rooms that are open at the same time, and rooms that are kept besides them.',
    rule: integer(1),
    default: 1_000,
  },
  maxRoomsPerConnection: { text: 'Rooms that one connection joins.', rule: integer(1), default: 16 },
  maxRoomMembers: { text: 'Connections in one room.', rule: integer(1), default: 1_000 },
  maxRoomEvents: { text: 'Events that are kept of one room; the oldest go first.', rule: integer(1), default: 1_000 },
  maxRoomBytes: { text: 'Size of the events that are kept of one room.', rule: size(1), default: 262_144 },
  maxAllRoomBytes: { text: 'Memory of the events of all rooms together.', rule: size(1), default: 67_108_864 },
  retainRoomsMs: { text: 'How long the events of a room are kept.', rule: milliseconds(1), default: 86_400_000 },
  maxRoomMessageBytes: { text: 'Size of one message in a room.', rule: size(256), default: 16_384 },
  roomRate: {
    text: 'Messages of all members of a room in a second; more get `rate_limited`.',
    rule: number({ least: 0.01 }),
    default: 200,
  },
  roomMemberRate: {
    text: 'Messages and changes of one member in a room in a second; more get `rate_limited`.',
    rule: number({ least: 0.01 }),
    default: 10,
  },
} as const satisfies OptionTable<RoomLimits>;

export const ROOM_OPTIONS = {
  ...ROOM_LIMITS,
  store: {
    text: 'Keeps the logs of rooms.',
    rule: methods('a RoomStore, such as createMemoryStore() makes', ['open', 'close', 'expire']),
    required: true,
  },
  logger: LOGGER,
} as const satisfies OptionTable<RoomsOptions>;

/** The expression for whole names. */
export function wholeName(pattern: string): RegExp {
  return new RegExp(`^(?:${pattern})$`, 'u');
}

function isPattern(pattern: string): boolean {
  try {
    return pattern !== '' && wholeName(pattern) instanceof RegExp;
  } catch {
    return false;
  }
}
