import type { Principal } from '../connection/principal.js';
import type { RoomPeers } from '../store/room-store.js';
import { likenessOf, Member, memberIdOf, type RoomMember, type ShownMember } from './member.js';

/** A member here or at another node. */
export interface KnownMember extends ShownMember, RoomMember {
  /** Of its name, for comparisons. */
  readonly likeness: string;
}

/** The members of a room: those who have connections here, and those whom other nodes have told. */
export class Members {
  readonly #room: string;
  readonly #peers: RoomPeers | undefined;
  /** The members here, by their ids. */
  readonly #here = new Map<string, Member>();
  /** What other nodes told of their members, read, by the ids. */
  readonly #read = new Map<string, { readonly shown: string; readonly member: KnownMember }>();

  constructor(room: string, peers: RoomPeers | undefined) {
    this.#room = room;
    this.#peers = peers;
  }

  /** Number of members at all nodes. */
  get size(): number {
    let elsewhere = 0;
    for (const id of this.#peers?.ids ?? []) if (!this.#here.has(id)) elsewhere++;
    return this.#here.size + elsewhere;
  }

  /** Number of connections at other nodes. */
  get connectionsElsewhere(): number {
    return this.#peers?.connections ?? 0;
  }

  /** The member of a principal; a new one if it has none here yet. */
  of(principal: Principal): Member {
    return this.#here.get(memberIdOf(this.#room, principal.id)) ?? new Member(this.#room, principal);
  }

  get(id: string): KnownMember | undefined {
    return this.#here.get(id) ?? this.#elsewhere(id);
  }

  /** All members, those here first. */
  *[Symbol.iterator](): Generator<KnownMember> {
    yield* this.#here.values();
    for (const id of this.#peers?.ids ?? []) {
      const member = this.#here.has(id) ? undefined : this.#elsewhere(id);
      if (member !== undefined) yield member;
    }
  }

  /** Lets a member here that chose its name leave it to a member whose name the server knows. */
  yieldName(member: Member): void {
    for (const other of this) if (other.isNamed === true && member.giveWayTo(other)) return;
  }

  /** Lets the members here that chose the name of a member leave it to that one. Returns who did. */
  claimName(named: KnownMember): Member[] {
    return [...this.#here.values()].filter((member) => member.giveWayTo(named));
  }

  /** Counts a connection of a member. Returns whether it is its first one at all nodes. */
  enter(member: Member): boolean {
    this.#here.set(member.id, member);
    return ++member.connections === 1 && this.#peers?.has(member.id) !== true;
  }

  /** Counts a connection of a member no more. Returns whether it was its last one here, and at all nodes. */
  leave(member: Member): { readonly here: boolean; readonly everywhere: boolean } {
    const here = --member.connections === 0;
    if (here) this.#here.delete(member.id);
    const everywhere = here && this.#peers?.has(member.id) !== true;
    if (everywhere) this.#read.delete(member.id);
    return { here, everywhere };
  }

  /** Tells the other nodes how members are here. */
  tell(ids: ReadonlySet<string>): void {
    if (this.#peers === undefined || ids.size === 0) return;
    const told = Array.from(ids, (id) => {
      const member = this.#here.get(id);
      const { principal, connections = 0 } = member ?? {};
      const shown = member === undefined ? '' : encode(member);
      return { id, principalId: principal?.id ?? '', shown, connections };
    });
    this.#peers.tell(told);
  }

  /**
   * Lets a member here be as it was told last: all connections of a principal are one member.
   * @param isUntold - whether it changed here since, which is newer
   */
  update(id: string, isUntold: boolean): void {
    const member = this.#here.get(id);
    if (member === undefined) return;
    const shown = isUntold ? undefined : this.#peers?.shown(id);
    if (shown !== undefined) {
      const { name, data, state } = decode(shown);
      Object.assign(member, { name, data, state });
    }
    // What connections at other nodes did ends with them.
    if (this.#peers?.has(id) !== true) member.state = member.stateHere;
  }

  /** Number of connections of a member at other nodes. */
  connectionsElsewhereOf(id: string): number {
    return this.#peers?.connectionsOf(id) ?? 0;
  }

  #elsewhere(id: string): KnownMember | undefined {
    const shown = this.#peers?.has(id) === true ? this.#peers.shown(id) : undefined;
    const read = this.#read.get(id);
    if (read !== undefined && read.shown === shown) return read.member;
    if (shown === undefined) {
      this.#read.delete(id);
      return undefined;
    }
    const told = decode(shown);
    const member = { id, ...told, likeness: likenessOf(told.name) };
    this.#read.set(id, { shown, member });
    return member;
  }
}

/** What a connection at another node does is told by that node. */
function encode({ name, data, stateHere, isNamed }: Member): string {
  return JSON.stringify({ name, data, state: stateHere, ...(isNamed && { isNamed }) });
}

/** What others see of a member, as other nodes are told it. */
export function decode(shown: string): ShownMember {
  return JSON.parse(shown) as ShownMember;
}
