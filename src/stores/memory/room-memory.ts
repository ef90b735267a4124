import { FairMap, type FairEntry } from '../../runtime/fair-map.js';
import type { RoomBounds } from '../../store/room-store.js';
import type { MemoryRoomLog } from './memory-room-log.js';

/** Part of the memory for all rooms that the rooms of one payer take. */
const PAYER_PART = 1 / 8;

/**
 * Bounds the memory of the logs of rooms together. Over the bound, whoever made the rooms that take most loses the oldest
 * events of the room that was silent for longest.
 */
export class RoomMemory {
  /** The logs with events, by who made the room and its name, in the order of their last events. */
  readonly #held = new FairMap<MemoryRoomLog>();

  /** Bytes of the events of all rooms, roughly. */
  get bytes(): number {
    return this.#held.weight;
  }

  /**
   * Counts a log from now on.
   * @param payer - under which name it counts
   */
  add(payer: string, name: string, log: MemoryRoomLog, bounds: RoomBounds): void {
    log.onHeld = (change) => this.#onHeld(payer, name, log, change, bounds);
    if (log.bytes > 0) log.onHeld(log.bytes);
  }

  /** Counts a log no more. */
  remove(payer: string, name: string): void {
    this.#held.delete(payer, name);
  }

  #onHeld(payer: string, name: string, log: MemoryRoomLog, change: number, { maxAllBytes }: RoomBounds): void {
    const held = this.#held;
    if (held.get(payer, name) === undefined) held.set(payer, name, log, change);
    else held.charge(payer, name, change);
    if (change <= 0) return log.first > log.published ? this.remove(payer, name) : undefined;
    held.use(payer, name);
    const free = (entry: FairEntry<MemoryRoomLog> | undefined): boolean =>
      entry?.value.dropOldest(entry.value === log) === true;
    while (held.weightOf(payer) > maxAllBytes * PAYER_PART && free(held.oldestOf(payer))) continue;
    while (held.weight > maxAllBytes && free(held.oldestOfLargest)) continue;
  }
}
