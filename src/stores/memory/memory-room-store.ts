import { randomUUID } from 'node:crypto';
import type { RoomBounds, RoomStore } from '../../store/room-store.js';
import { MemoryRoomLog } from './memory-room-log.js';

/** Logs of rooms in memory, kept as long as the process lives. */
export class MemoryRoomStore implements RoomStore {
  readonly #clock: () => number;
  readonly #open = new Map<string, MemoryRoomLog>();
  /** Logs with events that nobody has open, in the order in which they were closed. */
  readonly #closed = new Map<string, MemoryRoomLog>();

  /** @param clock - the time of day, as Unix milliseconds */
  constructor(clock: () => number = () => Date.now()) {
    this.#clock = clock;
  }

  open(name: string, bounds: RoomBounds): MemoryRoomLog {
    const open = this.#open.get(name);
    if (open !== undefined) return open;
    const log = this.#closed.get(name) ?? new MemoryRoomLog(randomUUID(), bounds, this.#clock);
    this.#closed.delete(name);
    this.#open.set(name, log);
    return log;
  }

  close(name: string): void {
    const log = this.#open.get(name);
    this.#open.delete(name);
    if (log !== undefined && log.first <= log.published) this.#closed.set(name, log);
  }

  expire({ maxRooms }: RoomBounds): void {
    for (const log of this.#open.values()) log.trim();
    for (const [name, log] of this.#closed) {
      log.trim();
      if (log.first > log.published || this.#closed.size > maxRooms) this.#closed.delete(name);
    }
  }
}
