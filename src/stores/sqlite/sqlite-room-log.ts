import type { WireEntry } from '../../log/run-log.js';
import { encodeRoomEvent, type RoomEntry, type RoomLog } from '../../store/room-store.js';
import type { MemoryRoomLog } from '../memory/memory-room-log.js';
import { toSql } from './sql-text.js';
import type { WriteQueue } from './write-queue.js';

/** Bytes that an event takes besides its text while it waits. */
const ENTRY_BYTES = 100;

/** A room as the database has it. */
export interface StoredRoom {
  /** Number of the room in the database. */
  readonly n: number;
  readonly name: string;
  /** Under which name it counts. */
  readonly payer: string;
  /** What is kept of its log. */
  readonly kept: MemoryRoomLog;
}

/** Written with every event: a room that nobody has said anything in leaves no trace. */
const USE_ROOM = `INSERT INTO rooms (n, name, payer, epoch, head, used) VALUES (?, ?, ?, ?, ?, ?)
  ON CONFLICT (n) DO UPDATE SET head = excluded.head, used = excluded.used`;

/** The log of an open room: all that is kept of it is also in memory, so that readers do not query the database. */
export class SqliteRoomLog implements RoomLog {
  readonly n: number;
  readonly payer: string;
  readonly #name: string;
  readonly #queue: WriteQueue;
  readonly #kept: MemoryRoomLog;
  readonly #makeWay: () => void;
  #head: number;

  /** @param makeWay - called within the transaction that adds the room */
  constructor(queue: WriteQueue, { n, name, payer, kept }: StoredRoom, makeWay: () => void) {
    this.#makeWay = makeWay;
    this.n = n;
    this.payer = payer;
    this.#name = name;
    this.#queue = queue;
    this.#kept = kept;
    this.#head = kept.published;
  }

  get epoch(): string {
    return this.#kept.epoch;
  }

  get published(): number {
    return this.#kept.published;
  }

  get first(): number {
    return this.#kept.first;
  }

  append(entry: RoomEntry): Promise<number> {
    return new Promise((resolve) => {
      const seq = this.#head + 1;
      this.#queue.pushBounded({
        bytes: ENTRY_BYTES + encodeRoomEvent(entry, seq).length,
        apply: (database) => {
          const { createdAt, body } = entry;
          if (seq === 1) this.#makeWay();
          database.run(USE_ROOM, this.n, toSql(this.#name), toSql(this.payer), this.epoch, seq, createdAt * 1_000);
          const sealed = database.content.sealText(body, 'room_events', this.n, seq);
          database.run('INSERT INTO room_events VALUES (?, ?, ?, ?)', this.n, seq, createdAt, sealed);
        },
        publish: () => resolve(this.#kept.append(entry)),
      });
      this.#head = seq;
    });
  }

  read(after: number): readonly WireEntry[] {
    return this.#kept.read(after);
  }

  onPublished(wake: () => void): () => void {
    return this.#kept.onPublished(wake);
  }

  /** Deletes what exceeds the bounds. */
  trim(): void {
    this.#kept.trim();
  }
}
