import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Connection } from '../../../src/connection/connection.js';
import { RememberedMessages } from '../../../src/room/remembered-messages.js';
import { Room } from '../../../src/room/room.js';
import { MemoryRoomLog } from '../../../src/stores/memory/memory-room-log.js';

const BOUNDS = { maxEvents: 10, maxBytes: 1_000, maxAgeMs: 1_000, maxAllBytes: 1_000, maxRooms: 10 };

function roomOf(roomRate: number, roomMemberRate: number): Room {
  const log = new MemoryRoomLog('epoch', BOUNDS, () => 0);
  return new Room('r', log, { roomRate, roomMemberRate }, new RememberedMessages());
}

/** A connection, as far as a rate needs it. */
function from(id: string, address?: string): Connection {
  return { principal: { id }, accounts: { owner: id, address } } as unknown as Connection;
}

function take(room: Room, connection: Connection): number {
  return room.take(connection, room.members.of(connection.principal));
}

/** How many of a number of messages the room takes. */
function taken(room: Room, count: number, connection: (index: number) => Connection): number {
  return Array.from({ length: count }, (_, index) => take(room, connection(index))).filter((waitMs) => waitMs === 0)
    .length;
}

describe('The rates of a room', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['performance'] });
    return () => vi.useRealTimers();
  });

  it('let a second of the rate of a member come at once, and then one after the other', () => {
    const room = roomOf(200, 4);
    expect(taken(room, 6, () => from('ada'))).toBe(4);
    expect(take(room, from('ada'))).toBe(250);
    vi.advanceTimersByTime(249);
    expect(take(room, from('ada'))).toBeGreaterThan(0);
    vi.advanceTimersByTime(1);
    expect(take(room, from('ada'))).toBe(0);
    vi.advanceTimersByTime(60_000);
    expect(taken(room, 6, () => from('ada'))).toBe(4);
  });

  it('let one come at a time if the rate is less than one a second', () => {
    const room = roomOf(200, 0.5);
    expect([take(room, from('ada')), take(room, from('ada'))]).toEqual([0, 2_000]);
    vi.advanceTimersByTime(2_000);
    expect(take(room, from('ada'))).toBe(0);
  });

  it('are no fresh ones for a member that comes again', () => {
    const room = roomOf(200, 4);
    const visit = (): number => {
      const connection = from('ada');
      const visitor = { connection, member: room.members.of(connection.principal), pump: () => undefined };
      room.enter(visitor);
      const waitMs = take(room, connection);
      room.leave(visitor);
      return waitMs;
    };
    expect(Array.from({ length: 6 }, visit).filter((waitMs) => waitMs === 0)).toHaveLength(4);
    room.close();
  });

  it('leave half of the room for others than one address, whatever its clients call themselves', () => {
    const room = roomOf(200, 10);
    expect(taken(room, 500, (index) => from(`made up ${index}`, '192.0.2.1'))).toBe(100);
    expect(taken(room, 20, () => from('ada', '192.0.2.2'))).toBe(10);
  });
});
