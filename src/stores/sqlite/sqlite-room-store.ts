import { randomUUID } from 'node:crypto';
import type { RoomBounds, RoomStore } from '../../store/room-store.js';
import { MemoryRoomLog } from '../memory/memory-room-log.js';
import { RoomMemory } from '../memory/room-memory.js';
import type { Row } from './database.js';
import { fromSql, toSql } from './sql-text.js';
import { SqliteRoomLog, type StoredRoom } from './sqlite-room-log.js';
import type { WriteQueue } from './write-queue.js';

/** Maximum time in which one call of `expire` deletes rooms, in milliseconds. */
const STEP_MS = 5;

/** Logs of rooms in a database. */
export class SqliteRoomStore implements RoomStore {
  readonly #queue: WriteQueue;
  readonly #clock: () => number;
  readonly #open = new Map<string, SqliteRoomLog>();
  /** Under which name each open room counts. */
  readonly #payers = new Map<string, string>();
  readonly #memory = new RoomMemory();
  /** The number of the newest room. */
  #newest: number;

  constructor(queue: WriteQueue, clock: () => number) {
    this.#queue = queue;
    this.#clock = clock;
    this.#newest = queue.database.number('SELECT max(n) FROM rooms');
  }

  open(name: string, bounds: RoomBounds, payer = name): SqliteRoomLog {
    const open = this.#open.get(name);
    if (open !== undefined) return open;
    this.#queue.flush();
    const row = this.#queue.database.get('SELECT * FROM rooms WHERE name = ?', toSql(name));
    const stored = row === undefined ? this.#make(name, bounds) : this.#load(name, row, bounds);
    const log = new SqliteRoomLog(this.#queue, stored);
    this.#open.set(name, log);
    this.#payers.set(name, payer);
    this.#memory.add(payer, name, stored.kept, bounds);
    return log;
  }

  close(name: string): void {
    this.#open.delete(name);
    this.#memory.remove(this.#payers.get(name) ?? name, name);
    this.#payers.delete(name);
  }

  expire(bounds: RoomBounds): void {
    this.#queue.flush();
    const { database } = this.#queue;
    const open = new Set<number>();
    for (const log of this.#open.values()) {
      log.trim();
      open.add(log.n);
      database.run('DELETE FROM room_events WHERE room = ? AND seq < ?', log.n, log.first);
    }
    const until = performance.now() + STEP_MS;
    while (performance.now() < until && this.#deleteOldest(bounds, open)) continue;
  }

  /** Deletes the room that was used least recently, if it is too old or one too many. Rooms that are open stay. */
  #deleteOldest({ maxRooms, maxAgeMs }: RoomBounds, open: ReadonlySet<number>): boolean {
    const { database } = this.#queue;
    const rows = database.all('SELECT n, used FROM rooms ORDER BY used, n LIMIT ?', open.size + 1);
    const oldest = rows.find(({ n }) => !open.has(Number(n)));
    if (oldest === undefined) return false;
    const isSurplus = database.number('SELECT count(*) FROM rooms') > maxRooms + open.size;
    // The newest event of a closed room is as old as its last use.
    if (!isSurplus && Number(oldest['used']) > this.#clock() - maxAgeMs) return false;
    database.transaction(() => {
      database.run('DELETE FROM room_events WHERE room = ?', Number(oldest['n']));
      database.run('DELETE FROM rooms WHERE n = ?', Number(oldest['n']));
    });
    return true;
  }

  #make(name: string, bounds: RoomBounds): StoredRoom {
    const kept = new MemoryRoomLog(randomUUID(), bounds, this.#clock);
    return { n: ++this.#newest, name, kept };
  }

  #load(name: string, row: Row, bounds: RoomBounds): StoredRoom {
    const n = Number(row['n']);
    const { database } = this.#queue;
    const rows = database.all('SELECT seq, created_at, body FROM room_events WHERE room = ? ORDER BY seq', n);
    const before = Number(row['head']) - rows.length;
    const kept = new MemoryRoomLog(fromSql(row['epoch']), bounds, this.#clock, before);
    for (const { seq, created_at: createdAt, body } of rows) {
      const opened = database.content.openText(body, 'room_events', n, Number(seq));
      kept.append({ createdAt: Number(createdAt), body: opened });
    }
    kept.trim();
    return { n, name, kept };
  }
}
