import { randomUUID } from 'node:crypto';
import { FairMap } from '../../runtime/fair-map.js';
import type { RoomBounds, RoomStore } from '../../store/room-store.js';
import { MemoryRoomLog } from './memory-room-log.js';
import { RoomMemory } from './room-memory.js';

/** A log, and under which name it counts. */
interface Kept {
  readonly log: MemoryRoomLog;
  readonly payer: string;
}

/** Logs of rooms in memory, kept as long as the process lives. */
export class MemoryRoomStore implements RoomStore {
  readonly #clock: () => number;
  readonly #kept = new Map<string, Kept>();
  /** Logs with events that nobody has open, in the order in which they were closed. */
  readonly #closed = new FairMap<MemoryRoomLog>();
  readonly #memory = new RoomMemory();
  #maxClosed = Infinity;

  /** @param clock - the time of day, as Unix milliseconds */
  constructor(clock: () => number = () => Date.now()) {
    this.#clock = clock;
  }

  get heldBytes(): number {
    return this.#memory.bytes;
  }

  open(name: string, bounds: RoomBounds, payer = name): MemoryRoomLog {
    this.#maxClosed = bounds.maxRooms;
    const kept = this.#kept.get(name);
    if (kept !== undefined) {
      this.#closed.delete(name, name);
      return kept.log;
    }
    const log = new MemoryRoomLog(randomUUID(), bounds, this.#clock);
    this.#kept.set(name, { log, payer });
    this.#memory.add(payer, name, log, bounds);
    return log;
  }

  close(name: string): void {
    const kept = this.#kept.get(name);
    if (kept === undefined) return;
    const { log, payer } = kept;
    this.#closed.set(name, name, log, 1, payer);
    if (log.first > log.published) this.#delete(payer, name);
    this.#bound();
  }

  expire({ maxRooms }: RoomBounds): void {
    this.#maxClosed = maxRooms;
    for (const [name, { log, payer }] of this.#kept) {
      log.trim();
      if (log.first > log.published && this.#closed.get(name, name) !== undefined) this.#delete(payer, name);
    }
    this.#bound();
  }

  /** Whoever has most closed rooms loses the one that was closed first. */
  #bound(): void {
    for (let entry; this.#closed.size > this.#maxClosed && (entry = this.#closed.oldestOfLargest) !== undefined;) {
      this.#delete(entry.payer, entry.id);
    }
  }

  #delete(payer: string, name: string): void {
    this.#closed.delete(name, name);
    this.#memory.remove(payer, name);
    this.#kept.delete(name);
  }
}
