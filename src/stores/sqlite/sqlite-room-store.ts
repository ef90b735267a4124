import { randomUUID } from 'node:crypto';
import type { RoomBounds, RoomStore } from '../../store/room-store.js';
import { MemoryRoomLog } from '../memory/memory-room-log.js';
import { RoomMemory } from '../memory/room-memory.js';
import type { Row } from './database.js';
import type { SqlValue } from './driver.js';
import { fromSql, toSql } from './sql-text.js';
import { SqliteRoomLog, type StoredRoom } from './sqlite-room-log.js';
import type { WriteQueue } from './write-queue.js';

/** Maximum time in which one call of `expire` deletes rooms, in milliseconds. */
const STEP_MS = 5;

/** Rooms that are deleted at most when a room is added. */
const MAX_DELETED = 2;

/** Logs of rooms in a database. */
export class SqliteRoomStore implements RoomStore {
  readonly #queue: WriteQueue;
  readonly #clock: () => number;
  readonly #open = new Map<string, SqliteRoomLog>();
  readonly #memory = new RoomMemory();
  /** The number of the newest room. */
  #newest: number;

  constructor(queue: WriteQueue, clock: () => number) {
    this.#queue = queue;
    this.#clock = clock;
    this.#newest = queue.database.number('SELECT max(n) FROM rooms');
  }

  get heldBytes(): number {
    return this.#memory.bytes;
  }

  open(name: string, bounds: RoomBounds, payer = name): SqliteRoomLog {
    const open = this.#open.get(name);
    if (open !== undefined) return open;
    this.#queue.flush();
    const row = this.#queue.database.get('SELECT * FROM rooms WHERE name = ?', toSql(name));
    const stored = row === undefined ? this.#make(name, payer, bounds) : this.#load(name, row, bounds);
    const log = new SqliteRoomLog(this.#queue, stored, () => this.#makeWay(bounds));
    this.#open.set(name, log);
    this.#memory.add(stored.payer, name, stored.kept, bounds);
    return log;
  }

  close(name: string): void {
    const log = this.#open.get(name);
    this.#open.delete(name);
    if (log !== undefined) this.#memory.remove(log.payer, name);
  }

  expire(bounds: RoomBounds): void {
    if (!this.#queue.flushIfWritable()) return;
    const { database } = this.#queue;
    for (const log of this.#open.values()) {
      log.trim();
      database.run('DELETE FROM room_events WHERE room = ? AND seq < ?', log.n, log.first);
    }
    const open = this.#openNumbers();
    const until = performance.now() + STEP_MS;
    database.transaction(() => {
      while (performance.now() < until && (this.#deleteOld(bounds, open) || this.#deleteSurplus(bounds, open)))
        continue;
    });
  }

  #openNumbers(): ReadonlySet<number> {
    return new Set(Array.from(this.#open.values(), ({ n }) => n));
  }

  /** Deletes rooms for one that is new: more than one, so that a bound that was made smaller holds soon. */
  #makeWay(bounds: RoomBounds): void {
    const open = this.#openNumbers();
    for (let deleted = 0; deleted < MAX_DELETED && this.#deleteSurplus(bounds, open); deleted++) continue;
  }

  /** Deletes the closed room that was used least recently, if it is too old. */
  #deleteOld({ maxAgeMs }: RoomBounds, open: ReadonlySet<number>): boolean {
    // The newest event of a closed room is as old as its last use.
    const of = 'SELECT n FROM rooms WHERE used <= ? ORDER BY used, n LIMIT ?';
    return this.#deleteFirst(open, of, this.#clock() - maxAgeMs, open.size + 1);
  }

  /** Deletes a closed room if there are too many: the oldest one of whoever has most, or else the oldest of all. */
  #deleteSurplus({ maxRooms }: RoomBounds, open: ReadonlySet<number>): boolean {
    const { database } = this.#queue;
    if (database.number('SELECT count(*) FROM rooms') <= maxRooms + open.size) return false;
    const most = 'SELECT payer FROM rooms GROUP BY payer ORDER BY count(*) DESC, min(used) LIMIT 1';
    const payer = database.get(most)?.['payer'] ?? null;
    return (
      this.#deleteFirst(open, 'SELECT n FROM rooms WHERE payer = ? ORDER BY used, n LIMIT ?', payer, open.size + 1) ||
      this.#deleteFirst(open, 'SELECT n FROM rooms ORDER BY used, n LIMIT ?', open.size + 1)
    );
  }

  /** Deletes the first room that nobody has open. Returns whether there was one. */
  #deleteFirst(open: ReadonlySet<number>, sql: string, ...values: readonly SqlValue[]): boolean {
    const { database } = this.#queue;
    const first = database.all(sql, ...values).find(({ n }) => !open.has(Number(n)));
    if (first === undefined) return false;
    database.run('DELETE FROM room_events WHERE room = ?', Number(first['n']));
    database.run('DELETE FROM rooms WHERE n = ?', Number(first['n']));
    return true;
  }

  #make(name: string, payer: string, bounds: RoomBounds): StoredRoom {
    const kept = new MemoryRoomLog(randomUUID(), bounds, this.#clock);
    return { n: ++this.#newest, name, payer, kept };
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
    return { n, name, payer: fromSql(row['payer']), kept };
  }
}
