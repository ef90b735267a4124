import { randomUUID } from 'node:crypto';
import type { WireEntry } from '../../log/run-log.js';
import { encodeRoomEvent, type RoomBounds, type RoomEntry, type RoomLog } from '../../store/room-store.js';
import type { MemoryRoomLog } from '../memory/memory-room-log.js';
import { unavailable } from './outage.js';
import type { Reply } from './redis-client.js';
import type { RedisRoomPeers } from './redis-room-peers.js';
import { eventsOf, type RedisRoom, type StoredEvent } from './redis-room.js';
import { APPEND_EVENT, LOOK_AT_ROOM } from './scripts/rooms.js';

/** How long a room is kept at least, in milliseconds, so that nobody loses it who looks at it every few seconds. */
const MIN_KEEP_MS = 60_000;

/** What {@link RedisRoomLog} is made with. */
export interface RedisRoomLogInit {
  readonly room: RedisRoom;
  readonly peers: RedisRoomPeers;
  /** All that is kept of the log. */
  readonly kept: MemoryRoomLog;
  readonly payer: string;
  readonly bounds: RoomBounds;
  readonly clock: () => number;
}

/**
 * The log of an open room: all that is kept of it is also in memory. Events of other nodes come with wakes and with the
 * answers to own events; if one is missing, the log is read from Redis.
 */
export class RedisRoomLog implements RoomLog {
  readonly peers: RedisRoomPeers;
  readonly payer: string;
  readonly room: RedisRoom;
  readonly #kept: MemoryRoomLog;
  readonly #bounds: RoomBounds;
  readonly #clock: () => number;
  /** Whether Redis lost the room, or a part of it: readers have what the room does not have. */
  #lost = false;
  /** Tokens of own events that are being added: whatever reads one of them first, it is no event of another node. */
  readonly #adding = new Set<string>();
  #isReading = false;

  constructor({ room, peers, kept, payer, bounds, clock }: RedisRoomLogInit) {
    this.room = room;
    this.peers = peers;
    this.#kept = kept;
    this.payer = payer;
    this.#bounds = bounds;
    this.#clock = clock;
  }

  /** How long Redis keeps a room, in milliseconds. */
  static keepMs({ maxAgeMs }: RoomBounds): number {
    return Math.max(maxAgeMs, MIN_KEEP_MS);
  }

  get epoch(): string {
    return this.#kept.epoch;
  }

  get published(): number {
    return this.#kept.published + (this.#lost ? 1 : 0);
  }

  get first(): number {
    return this.#kept.first;
  }

  async append(entry: RoomEntry): Promise<number> {
    const { key = '', createdAt, body } = entry;
    const { maxEvents, maxBytes } = this.#bounds;
    const event = [this.#kept.published, key, createdAt, body];
    const keepMs = RedisRoomLog.keepMs(this.#bounds);
    const token = randomUUID();
    const args = [this.epoch, ...event, this.#oldest, maxEvents, maxBytes, keepMs, token];
    this.#adding.add(token);
    try {
      return this.#added(entry, await this.room.run(APPEND_EVENT, args.map(String)));
    } finally {
      this.#adding.delete(token);
    }
  }

  read(after: number): readonly WireEntry[] {
    if (this.#lost) throw new Error('Redis has lost the room');
    return this.#kept.read(after);
  }

  onPublished(wake: () => void): () => void {
    return this.#kept.onPublished(wake);
  }

  /** Takes an event of another node: `<seq> <time> <body>`. */
  take(text: string): void {
    const [seq = '', createdAt = ''] = text.split(' ', 2);
    const event = {
      seq: Number(seq),
      createdAt: Number(createdAt),
      body: text.slice(seq.length + createdAt.length + 2),
    };
    if (event.seq > this.#kept.published + 1) this.#catchUp();
    else this.#takeAll([event]);
  }

  /** Keeps the room, without what exceeds the bounds, and reads what is new. Returns the nodes that have it open. */
  async look(): Promise<readonly string[]> {
    this.#kept.trim();
    const { maxEvents, maxBytes } = this.#bounds;
    const { first } = this.#kept;
    const args = [
      this.epoch,
      first,
      this.#kept.published,
      this.#oldest,
      maxEvents,
      maxBytes,
      RedisRoomLog.keepMs(this.#bounds),
    ].map(String);
    const reply = await this.room.run(LOOK_AT_ROOM, args);
    if (reply === null) {
      this.#lose();
      return [];
    }
    const [head, changes, nodes] = reply as [number, number, string[]];
    if (head > this.#kept.published) this.#catchUp();
    this.peers.look(changes);
    return nodes;
  }

  /** Events before are too old, in seconds. */
  get #oldest(): number {
    return (this.#clock() - this.#bounds.maxAgeMs) / 1_000;
  }

  /** Takes the answer about an own event. Returns its place. */
  #added(entry: RoomEntry, reply: Reply): number {
    if (reply === null) {
      this.#lose();
      throw unavailable(new Error('Redis has lost the room'));
    }
    const [seq, missed, isRepeated] = reply as [number, Reply, number];
    if (isRepeated === 1) entry.onRepeated?.();
    this.#takeAll(eventsOf(missed));
    if (seq > this.#kept.published) {
      this.#kept.skipTo(seq - 1);
      this.#kept.append(entry);
    }
    return seq;
  }

  /** Takes events of other nodes, as far as they are new. */
  #takeAll(events: readonly StoredEvent[]): void {
    for (const event of events) {
      const { seq } = event;
      if (seq <= this.#kept.published) continue;
      this.#kept.skipTo(seq - 1);
      if (!this.#adding.has(event.token ?? '')) this.peers.hear(encodeRoomEvent(event, seq));
      this.#kept.append(event);
    }
  }

  #catchUp(): void {
    if (!this.#isReading) void this.#readOn();
  }

  async #readOn(): Promise<void> {
    this.#isReading = true;
    try {
      for (;;) {
        const events = eventsOf(await this.room.read(this.#kept.published));
        if (events.length === 0) return;
        this.#takeAll(events);
      }
    } catch {
      // Read on with the next look.
    } finally {
      this.#isReading = false;
    }
  }

  /** Lets every reader fail: its connection is closed, and the client joins the room as it is now. */
  #lose(): void {
    if (this.#lost) return;
    this.#lost = true;
    this.#kept.wake();
  }
}
