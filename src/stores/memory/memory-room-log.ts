import type { WireEntry } from '../../log/run-log.js';
import { heldBytes } from '../../runtime/held-bytes.js';
import { encodeRoomEvent, type RoomBounds, type RoomEntry, type RoomLog } from '../../store/room-store.js';

/** Memory that an entry takes besides its text, in bytes. */
const ENTRY_BYTES = 120;

/** Maximum number of characters that one `read` returns. */
const READ_LENGTH = 65_536;

/** Number of deleted entries after which the array is copied, so that it does not grow without end. */
const COMPACT = 512;

/** An entry with the memory that it takes. */
interface HeldEntry extends WireEntry {
  readonly bytes: number;
}

/** The log of a room in memory. */
export class MemoryRoomLog implements RoomLog {
  readonly epoch: string;
  /** Called when the log takes more memory, or less; it may call {@link dropOldest}. */
  onHeld: (change: number) => void = () => undefined;
  readonly #bounds: RoomBounds;
  readonly #clock: () => number;
  #entries: HeldEntry[] = [];
  /** Index of the oldest entry that is kept. */
  #start = 0;
  #bytes = 0;
  #published: number;
  /** The newest entry, in the array that all readers at the head of the log get. */
  #newest: readonly WireEntry[] = NOTHING;
  /** Replaced when a reader is added or removed, so that a reader may add or remove readers while it is woken. */
  #wakes: readonly (() => void)[] = [];

  /** @param published - how many entries there were before */
  constructor(epoch: string, bounds: RoomBounds, clock: () => number, published = 0) {
    this.epoch = epoch;
    this.#bounds = bounds;
    this.#clock = clock;
    this.#published = published;
  }

  get published(): number {
    return this.#published;
  }

  get first(): number {
    return this.#published - (this.#entries.length - this.#start) + 1;
  }

  /** Memory that the entries take. */
  get bytes(): number {
    return this.#bytes;
  }

  append(entry: RoomEntry): number {
    const seq = this.#published + 1;
    const encoded = encodeRoomEvent(entry, seq);
    const bytes = heldBytes(encoded) + ENTRY_BYTES;
    const added: HeldEntry = { type: 'room_event', firstSeq: seq, seq, timestamp: entry.createdAt, encoded, bytes };
    this.#entries.push(added);
    this.#bytes += bytes;
    this.#newest = [added];
    this.#published = seq;
    this.onHeld(bytes);
    this.trim();
    this.wake();
    return seq;
  }

  /** Drops everything if entries are missing up to a position, and counts on from there. */
  skipTo(published: number): void {
    if (published === this.#published) return;
    const freed = this.#bytes;
    this.#entries = [];
    this.#start = 0;
    this.#bytes = 0;
    this.#newest = NOTHING;
    this.#published = published;
    if (freed > 0) this.onHeld(-freed);
  }

  read(after: number): readonly WireEntry[] {
    if (after === this.#published - 1) return this.#newest;
    const entries: WireEntry[] = [];
    let length = 0;
    for (let at = this.#start + Math.max(0, after + 1 - this.first); length < READ_LENGTH; at++) {
      const entry = this.#entries[at];
      if (entry === undefined) break;
      entries.push(entry);
      length += entry.encoded.length;
    }
    return entries;
  }

  onPublished(wake: () => void): () => void {
    this.#wakes = this.#wakes.concat(wake);
    return () => {
      this.#wakes = this.#wakes.filter((other) => other !== wake);
    };
  }

  /** Wakes all readers. */
  wake(): void {
    for (const wake of this.#wakes) wake();
  }

  /** Deletes what exceeds the bounds. */
  trim(): void {
    const { maxEvents, maxBytes, maxAgeMs } = this.#bounds;
    const before = (this.#clock() - maxAgeMs) / 1_000;
    let freed = 0;
    for (;;) {
      const oldest = this.#entries[this.#start];
      if (oldest === undefined) break;
      const count = this.#entries.length - this.#start;
      const isSurplus = count > maxEvents || (this.#bytes > maxBytes && count > 1);
      if (!isSurplus && oldest.timestamp > before) break;
      freed += this.#drop(oldest);
    }
    this.#tidy();
    if (freed > 0) this.onHeld(-freed);
  }

  /**
   * Deletes the oldest entry, whatever the bounds. Returns whether there was one.
   * @param keepNewest - whether the newest entry stays
   */
  dropOldest(keepNewest: boolean): boolean {
    const oldest = this.#entries[this.#start];
    if (oldest === undefined || (keepNewest && oldest.seq === this.#published)) return false;
    const freed = this.#drop(oldest);
    this.#tidy();
    this.onHeld(-freed);
    return true;
  }

  /** Returns the memory that is freed. */
  #drop(oldest: HeldEntry): number {
    this.#start++;
    this.#bytes -= oldest.bytes;
    return oldest.bytes;
  }

  #tidy(): void {
    if (this.#start === this.#entries.length) this.#newest = NOTHING;
    if (this.#start < COMPACT && this.#start < this.#entries.length) return;
    this.#entries = this.#entries.slice(this.#start);
    this.#start = 0;
  }
}

const NOTHING: readonly WireEntry[] = [];
