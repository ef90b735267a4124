import { randomUUID } from 'node:crypto';
import type { Logger } from '../../runtime/logger.js';
import type { RoomBounds, RoomStore } from '../../store/room-store.js';
import { MemoryRoomLog } from '../memory/memory-room-log.js';
import { RoomMemory } from '../memory/room-memory.js';
import { hashOf } from './keys.js';
import { RedisRoomLog } from './redis-room-log.js';
import { RedisRoomPeers } from './redis-room-peers.js';
import { eventsOf, RedisRoom, type RedisRoomInit } from './redis-room.js';
import { RedisShares } from './redis-shares.js';
import { CLOSE_ROOM, DROP_ROOM, EXPEL_MEMBER, FORGET_ROOM_NODES, OPEN_ROOM } from './scripts/rooms.js';
import { WAKE, type Wakes } from './wakes.js';

/** Characters of the hash with which wakes of rooms begin. */
const HASH_LENGTH = hashOf('').length;
/** Wakes that are kept of a room that is being opened. */
const MAX_EARLY = 1_000;

/** What {@link RedisRoomStore} takes. */
export interface RedisRoomStoreInit extends RedisRoomInit {
  readonly wakes: Pick<Wakes, 'on' | 'onMissed'>;
  /** Those of the nodes that have rooms open that are gone. */
  readonly stillGone: (nodes: Iterable<string>) => Promise<string[]>;
  readonly clock: () => number;
  readonly logger: Logger;
}

/** Logs of rooms in Redis. */
export class RedisRoomStore implements RoomStore {
  readonly #init: RedisRoomStoreInit;
  readonly #open = new Map<string, RedisRoomLog>();
  readonly #opening = new Map<string, Promise<RedisRoomLog>>();
  /** Open rooms by the hashes of their names. */
  readonly #byHash = new Map<string, RedisRoomLog>();
  /** Wakes of rooms that are being opened, by the hashes of their names. */
  readonly #early = new Map<string, ((log: RedisRoomLog) => void)[]>();
  /** Rooms that nobody here has open any more, as far as Redis does not know that yet. */
  readonly #closing = new Map<string, RedisRoomLog>();
  /** Rooms and members that are to be taken out of them, as far as Redis does not know that yet. */
  readonly #expelled: (readonly [name: string, memberId: string])[] = [];
  readonly #memory = new RoomMemory();
  /** Who has how many closed rooms. */
  readonly #closed: RedisShares;

  constructor(init: RedisRoomStoreInit) {
    const { calls, keys, wakes, logger } = init;
    this.#init = init;
    this.#closed = new RedisShares({
      connection: calls.connection,
      base: keys.shared('rooms:'),
      bounds: { all: Infinity, ofPayer: Infinity },
      drop: (item, version) => this.#drop(item, version),
      logger,
    });
    wakes.on(WAKE.event, (text) => this.#wake(text, (log, rest) => log.take(rest)));
    wakes.on(WAKE.members, (text) => this.#wake(text, (log, rest) => log.peers.take(rest)));
    wakes.onMissed(() => {
      for (const log of this.#open.values()) void this.#look(log);
    });
  }

  open(name: string, bounds: RoomBounds, payer = name): RedisRoomLog | Promise<RedisRoomLog> {
    this.#closed.bounds = { all: bounds.maxRooms, ofPayer: Infinity };
    const open = this.#open.get(name) ?? this.#opening.get(name);
    if (open !== undefined) return open;
    const opening = this.#make(name, bounds, payer).finally(() => this.#opening.delete(name));
    this.#opening.set(name, opening);
    return opening;
  }

  close(name: string): void {
    const log = this.#open.get(name);
    if (log === undefined) return;
    this.#open.delete(name);
    this.#byHash.delete(log.room.hash);
    this.#memory.remove(log.payer, name);
    this.#closing.set(name, log);
    void this.#close(name, log);
  }

  expel(name: string, memberId: string): void {
    // If Redis is away, with the next beat that it answers.
    const again = (): void => void this.#expelled.push([name, memberId]);
    new RedisRoom(this.#init, name).run(EXPEL_MEMBER, [memberId]).catch(again);
  }

  async expire({ maxRooms }: RoomBounds): Promise<void> {
    this.#closed.bounds = { all: maxRooms, ofPayer: Infinity };
    await Promise.all([...this.#closing].map(([name, log]) => this.#close(name, log)));
    await Promise.all([...this.#open.values()].map((log) => this.#look(log)));
    await this.#closed.settle();
  }

  stop(): void {
    this.#closed.close();
  }

  /** Lets the members of nodes that are gone leave, and takes out those that could not be taken out before. */
  onBeat(): void {
    for (const member of this.#expelled.splice(0)) this.expel(...member);
    void this.#forgetGone([...this.#open.values()].map((log) => [log, log.peers.nodes]));
  }

  async #make(name: string, bounds: RoomBounds, payer: string): Promise<RedisRoomLog> {
    const { clock } = this.#init;
    const room = new RedisRoom(this.#init, name);
    const early: ((log: RedisRoomLog) => void)[] = [];
    this.#closing.delete(name);
    this.#early.set(room.hash, early);
    try {
      await this.#closed.settle();
      const oldest = (clock() - bounds.maxAgeMs) / 1_000;
      const keepMs = RedisRoomLog.keepMs(bounds);
      const args = [randomUUID(), hashOf(payer), `${oldest}`, `${keepMs}`];
      const [epoch, head, stored, changes, members, version] = (await room.run(OPEN_ROOM, args)) as OpenedRoom;
      const events = eventsOf(stored);
      const kept = new MemoryRoomLog(epoch, bounds, clock, head - events.length);
      for (const event of events) kept.append(event);
      kept.trim();
      const peers = new RedisRoomPeers(room, epoch, changes, members);
      const log = new RedisRoomLog({ room, peers, kept, payer, bounds, clock });
      this.#closed.charge(room.item, { payer: hashOf(payer), weight: 0, version });
      this.#open.set(name, log);
      this.#byHash.set(room.hash, log);
      this.#memory.add(payer, name, kept, bounds);
      for (const take of early) take(log);
      return log;
    } finally {
      this.#early.delete(room.hash);
    }
  }

  async #close(name: string, log: RedisRoomLog): Promise<void> {
    try {
      const closed = (await log.room.run(CLOSE_ROOM, [log.epoch])) as [string, number] | null;
      if (this.#closing.get(name) === log) this.#closing.delete(name);
      if (closed === null) return;
      const [payer, version] = closed;
      this.#closed.charge(log.room.item, { payer, weight: 1, version });
    } catch {
      // Closed when rooms expire next.
    }
  }

  async #look(log: RedisRoomLog): Promise<void> {
    try {
      await this.#forgetGone([[log, new Set(await log.look())]]);
    } catch {
      // The next look finds what this one would have found.
    }
  }

  /** Lets the members leave whose nodes are gone: one question for all rooms, and the nodes that each is known to have. */
  async #forgetGone(rooms: readonly (readonly [RedisRoomLog, ReadonlySet<string>])[]): Promise<void> {
    const nodes = new Set(rooms.flatMap(([, known]) => [...known]));
    nodes.delete(this.#init.node);
    // Whatever Redis does not answer here is found by a later look.
    const gone = await this.#init.stillGone(nodes).catch(() => []);
    if (gone.length === 0) return;
    const forgotten = rooms.map(([log, known]) =>
      this.#forget(
        log,
        gone.filter((node) => known.has(node)),
      ),
    );
    await Promise.allSettled(forgotten);
  }

  async #forget(log: RedisRoomLog, gone: readonly string[]): Promise<void> {
    if (gone.length === 0) return;
    log.peers.forget(gone);
    const members = (await log.room.run(FORGET_ROOM_NODES, gone)) as readonly string[] | null;
    if (members !== null) log.peers.tellGone(members);
  }

  #wake(text: string, take: (log: RedisRoomLog, rest: string) => void): void {
    const hash = text.slice(0, HASH_LENGTH);
    const rest = text.slice(HASH_LENGTH);
    const log = this.#byHash.get(hash);
    if (log !== undefined) return take(log, rest);
    const early = this.#early.get(hash);
    if (early !== undefined && early.length < MAX_EARLY) early.push((opened) => take(opened, rest));
  }

  #drop(item: string, version: string): Promise<unknown> {
    const { calls, keys, node } = this.#init;
    const [partition, hash = ''] = item.split(':');
    const base = keys.base(Number(partition));
    return calls.write(DROP_ROOM, base, [node, hash, version]);
  }
}

/** Epoch, newest `seq`, events, number of changes of the members, members, number of the write. */
type OpenedRoom = [string, number, [], number, string[], number];
