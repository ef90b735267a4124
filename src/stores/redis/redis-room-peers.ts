import type { PeerListener, PeerMember, RoomPeers } from '../../store/room-store.js';
import type { RedisRoom } from './redis-room.js';
import { READ_MEMBERS, TELL_MEMBERS } from './scripts/rooms.js';

/** A member as one node has told it. */
interface Told extends Omit<PeerMember, 'id'> {
  /** Number of the change: of what several nodes tell, the newest counts. */
  readonly change: number;
}

/** The members of a room at all nodes. */
export class RedisRoomPeers implements RoomPeers {
  readonly #room: RedisRoom;
  readonly #epoch: string;
  /** What each node has told, this one included, by member. */
  readonly #told = new Map<string, Map<string, Told>>();
  /** What is to be told of members here. */
  readonly #untold = new Map<string, PeerMember>();
  #listener: PeerListener | undefined;
  /** Number of the last change that is known. */
  #change: number;
  #isTelling = false;
  #isReading = false;

  /** @param fields - names and values of the hash in Redis */
  constructor(room: RedisRoom, epoch: string, change: number, fields: readonly string[]) {
    this.#room = room;
    this.#epoch = epoch;
    this.#change = change;
    this.#replace(fields);
  }

  get connections(): number {
    let sum = 0;
    for (const id of this.#told.keys()) sum += this.connectionsOf(id);
    return sum;
  }

  get ids(): Iterable<string> {
    return [...this.#told.keys()].filter((id) => this.has(id));
  }

  has(id: string): boolean {
    return [...(this.#told.get(id)?.keys() ?? [])].some((node) => this.#isOther(node));
  }

  connectionsOf(id: string): number {
    let sum = 0;
    for (const [node, { connections }] of this.#told.get(id) ?? []) if (this.#isOther(node)) sum += connections;
    return sum;
  }

  shown(id: string): string | undefined {
    const untold = this.#untold.get(id);
    if (untold !== undefined && untold.connections > 0) return untold.shown;
    let newest: Told | undefined;
    for (const told of this.#told.get(id)?.values() ?? []) {
      if (newest === undefined || told.change > newest.change) newest = told;
    }
    return newest?.shown;
  }

  tell(members: readonly PeerMember[]): void {
    for (const member of members) this.#untold.set(member.id, member);
    if (!this.#isTelling) void this.#tell();
  }

  listen(listener: PeerListener): void {
    this.#listener = listener;
  }

  /** The nodes that have told of members, this one included. */
  get nodes(): ReadonlySet<string> {
    return new Set([...this.#told.values()].flatMap((nodes) => [...nodes.keys()]));
  }

  /** Tells of an event of another node. */
  hear(encoded: string): void {
    this.#listener?.onEvent(encoded);
  }

  /** Takes what another node has told: `<change> <node> <members as JSON>`. */
  take(text: string): void {
    const [change = '', node = ''] = text.split(' ', 2);
    const number = Number(change);
    if (number <= this.#change) return;
    if (number > this.#change + 1) return this.look(number);
    this.#change = number;
    const members = parse(text.slice(change.length + node.length + 2));
    for (const [id, told] of members) this.#set(node, id, told === null ? undefined : { ...told, change: number });
    this.#changed(members.map(([id]) => id));
    if (node === this.#room.node) for (const [id, told] of members) if (told === null) this.#listener?.onExpelled(id);
  }

  /** Reads all members if there was a change that is not known, and tells what is not told yet. */
  look(change: number): void {
    if (this.#untold.size > 0) this.tell([]);
    if (change > this.#change && !this.#isReading) void this.#read();
  }

  /** Drops the members of nodes that are gone. */
  forget(nodes: readonly string[]): void {
    const ids: string[] = [];
    for (const id of [...this.#told.keys()]) {
      for (const node of nodes) {
        if (this.#told.get(id)?.has(node) !== true) continue;
        this.#set(node, id, undefined);
        ids.push(id);
      }
    }
    this.#changed(ids);
  }

  /** Tells of members whose last nodes are gone: ids, and what the nodes had told, as Redis had it. */
  tellGone(fields: readonly string[]): void {
    const gone: Omit<PeerMember, 'connections'>[] = [];
    for (let at = 0; at + 1 < fields.length; at += 2) gone.push({ id: fields[at] ?? '', ...toldOf(fields[at + 1]) });
    this.#listener?.onGone(gone);
  }

  async #tell(): Promise<void> {
    this.#isTelling = true;
    // What is told in one turn is one call.
    await Promise.resolve();
    while (this.#untold.size > 0 && (await this.#tellUntold())) continue;
    this.#isTelling = false;
  }

  /** Returns whether it was told. */
  async #tellUntold(): Promise<boolean> {
    const members = [...this.#untold.values()];
    const records = members.map(({ id, ...told }): [string, Omit<Told, 'change'> | null] => [
      id,
      told.connections === 0 ? null : told,
    ]);
    const args = records.flatMap(([id, told]) => [id, told === null ? '' : JSON.stringify(told)]);
    const told = [this.#epoch, JSON.stringify(records), ...args];
    const change = await this.#room.run(TELL_MEMBERS, told).catch(() => null);
    // Told again with the next look.
    if (typeof change !== 'number') return false;
    for (const member of members) if (this.#untold.get(member.id) === member) this.#untold.delete(member.id);
    for (const [id, told] of records) this.#set(this.#room.node, id, told === null ? undefined : { ...told, change });
    if (change === this.#change + 1) this.#change = change;
    else this.look(change);
    // What another node told meanwhile is older.
    this.#changed(members.map(({ id }) => id).filter((id) => this.has(id)));
    return true;
  }

  async #read(): Promise<void> {
    this.#isReading = true;
    try {
      let change = 0;
      let fields: string[] = [];
      do [change, fields] = (await this.#room.run(READ_MEMBERS, [])) as [number, string[]];
      while (change < this.#change);
      const before = [...this.#told.keys()];
      const own = this.#idsHere();
      this.#change = change;
      this.#replace(fields);
      this.#changed([...new Set([...before, ...this.#told.keys()])]);
      const here = new Set(this.#idsHere());
      for (const id of own) if (!here.has(id) && !this.#untold.has(id)) this.#listener?.onExpelled(id);
    } catch {
      // Read with the next look.
    } finally {
      this.#isReading = false;
    }
  }

  #idsHere(): string[] {
    return [...this.#told].filter(([, nodes]) => nodes.has(this.#room.node)).map(([id]) => id);
  }

  #replace(fields: readonly string[]): void {
    this.#told.clear();
    for (let at = 0; at + 1 < fields.length; at += 2) {
      const [node = '', id = ''] = (fields[at] ?? '').split(' ');
      this.#set(node, id, toldOf(fields[at + 1]));
    }
  }

  #set(node: string, id: string, told: Told | undefined): void {
    const nodes = this.#told.get(id) ?? new Map<string, Told>();
    if (told === undefined) nodes.delete(node);
    else nodes.set(node, told);
    if (nodes.size === 0) this.#told.delete(id);
    else this.#told.set(id, nodes);
  }

  #changed(ids: readonly string[]): void {
    if (ids.length > 0) this.#listener?.onMembers(ids);
  }

  #isOther(node: string): boolean {
    return node !== this.#room.node;
  }
}

/** What a node has told of a member, as Redis has it: `<change> <JSON>`. */
function toldOf(value = ''): Told {
  const change = value.slice(0, value.indexOf(' '));
  return { ...(JSON.parse(value.slice(change.length + 1)) as Omit<Told, 'change'>), change: Number(change) };
}

function parse(text: string): [string, Omit<Told, 'change'> | null][] {
  return JSON.parse(text) as [string, Omit<Told, 'change'> | null][];
}
