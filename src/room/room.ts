import type { Connection } from '../connection/connection.js';
import type { Principal } from '../connection/principal.js';
import type { WireEntry } from '../log/run-log.js';
import { andThen, orElse, type Awaitable } from '../runtime/awaitable.js';
import type { Accounts } from '../runtime/account-shares.js';
import { Buckets } from '../runtime/buckets.js';
import { Shares } from '../runtime/shares.js';
import { TokenBucket, type Rate } from '../runtime/token-bucket.js';
import type { RoomEntry, RoomLog } from '../store/room-store.js';
import type { Member } from './member.js';
import { Members, type KnownMember } from './members.js';
import { Presence, type Visitor } from './presence.js';
import { eventKey, knownMessages, type KnownMessages, type RememberedMessages } from './remembered-messages.js';

/** Part of `roomRate` that the members of one address use at most. */
const ADDRESS_PART = 1 / 2;

/** The limits of one room. */
export interface RoomSettings {
  readonly roomRate: number;
  readonly roomMemberRate: number;
}

/** An open room: its log, its members and the connections that read it. */
export class Room {
  readonly name: string;
  readonly log: RoomLog;
  readonly presence: Presence;
  /** Who opened it; absent for the server itself. */
  opener: Accounts | undefined;
  /** Number of operations in progress, for which the room stays open. */
  uses = 0;
  readonly visitors = new Set<Visitor>();
  readonly members: Members;
  /** How fast the room takes messages: of all, of each member, and of each address, also if they left in between. */
  readonly #all: TokenBucket;
  readonly #rates: Buckets;
  readonly #addresses: Buckets;
  readonly #off: () => void;
  /** The newest event, encoded once for all readers at the head of the log. */
  #shared: { readonly entry: WireEntry; readonly bytes: Uint8Array } | undefined;
  /** Where the messages of this and the earlier process are in the log, by author and id. */
  #known: KnownMessages | undefined;
  readonly #remembered: RememberedMessages;

  constructor(name: string, log: RoomLog, { roomRate, roomMemberRate }: RoomSettings, remembered: RememberedMessages) {
    this.name = name;
    this.log = log;
    this.#all = new TokenBucket(rateOf(roomRate), performance.now());
    this.#rates = new Buckets(rateOf(roomMemberRate));
    this.#addresses = new Buckets(rateOf(Math.max(roomRate * ADDRESS_PART, roomMemberRate)));
    this.members = new Members(name, log.peers);
    this.presence = new Presence(this);
    this.#remembered = remembered;
    this.#known = remembered.take(name, log.epoch);
    this.#off = log.onPublished(() => this.#onPublished());
  }

  /** Whether nobody needs the room open. */
  get isIdle(): boolean {
    return this.uses === 0 && this.visitors.size === 0;
  }

  /** Number of connections in the room at all nodes. */
  get connections(): number {
    return this.visitors.size + this.members.connectionsElsewhere;
  }

  /**
   * Counts a message or a change of a member. Returns how long the member has to wait, in milliseconds; if it has to, the
   * message does not count.
   */
  take({ accounts: { address } }: Connection, { id }: Pick<Member, 'id'>): number {
    const now = performance.now();
    const buckets = [this.#all, this.#rates.of(id, now)];
    if (address !== undefined) buckets.push(this.#addresses.of(address, now));
    const waitMs = Math.max(...buckets.map((bucket) => bucket.wait(now)));
    if (waitMs === 0) for (const bucket of buckets) bucket.take(1, now);
    return waitMs;
  }

  /**
   * The newest connection of the address that has most connections here, if a newcomer would still have fewer: addresses
   * that compete for the places have equal shares in the end.
   */
  rivalOf({ accounts: { address: own = '' } }: Connection): Connection | undefined {
    const shares = new Shares();
    for (const { connection } of this.visitors) shares.add(connection.accounts.address ?? '', 1);
    let most = shares.of(own) + 1;
    let greediest: string | undefined;
    for (const [key, held] of shares.entries()) if (held > most) [greediest, most] = [key, held];
    if (greediest === undefined) return undefined;
    const all = [...this.visitors];
    return all.findLast(({ connection }) => (connection.accounts.address ?? '') === greediest)?.connection;
  }

  /** Counts what a member of another node said there: the rates are those of the room, at whatever nodes its members are. */
  takeElsewhere(memberId: string): void {
    const now = performance.now();
    for (const bucket of [this.#all, this.#rates.of(memberId, now)]) bucket.take(1, now);
  }

  /** A member has newer credentials. */
  renew(member: Member, principal: Principal): void {
    if (!member.renew(principal)) return;
    this.settleName(member);
    this.presence.touch(member);
  }

  /** Nobody else has the name of a member that the server knows: whoever chose the same one gets another. */
  settleName(member: Member): void {
    if (member.isNamed) this.#claimName(member);
    else this.members.yieldName(member);
  }

  /** Members at other nodes have changed, came or left. */
  onMembers(ids: readonly string[]): void {
    this.presence.onMembers(ids);
    for (const id of ids) {
      const member = this.members.get(id);
      if (member?.isNamed === true) this.#claimName(member);
    }
  }

  /** Adds a connection. Returns whether it is the first one of its member. */
  enter(visitor: Visitor): boolean {
    const { member } = visitor;
    this.visitors.add(visitor);
    const isFirst = this.members.enter(member);
    this.presence.greet(visitor);
    this.presence.touch(member);
    return isFirst;
  }

  /** Removes a connection. Returns whether it was the last one of its member. */
  leave(visitor: Visitor): boolean {
    const { member } = visitor;
    this.visitors.delete(visitor);
    this.presence.forget(visitor);
    const { here, everywhere } = this.members.leave(member);
    if (member.stopActing(visitor) || here) this.presence.touch(member);
    else this.presence.recount(member);
    return everywhere;
  }

  /** Adds an event. A repeated one has the place of the first, and `added` is not called for it. */
  append(key: string, entry: RoomEntry, added: (seq: number) => void): Awaitable<number> {
    return andThen(this.#knownEvents(), (known) => {
      const place = known.get(key);
      if (place !== undefined) return place;
      let isNew = true;
      // Another node may have added it before.
      const onRepeated = (): void => void (isNew = false);
      const appended = orElse(
        () => this.log.append({ ...entry, key, onRepeated }),
        (error) => {
          known.delete(key);
          throw error;
        },
      );
      known.set(key, appended);
      return andThen(appended, (seq) => {
        known.set(key, seq);
        if (isNew) added(seq);
        return seq;
      });
    });
  }

  /** An entry of the log as it is sent. */
  encodedOf(entry: WireEntry): string | Uint8Array {
    if (entry.seq !== this.log.published) return entry.encoded;
    if (this.#shared?.entry !== entry) this.#shared = { entry, bytes: Buffer.from(entry.encoded) };
    return this.#shared.bytes;
  }

  close(): void {
    this.#remembered.keep(this.name, this.log.epoch, this.#known);
    this.#off();
    this.presence.stop();
  }

  #claimName(named: KnownMember): void {
    for (const member of this.members.claimName(named)) this.presence.touch(member);
  }

  #onPublished(): void {
    for (const visitor of this.visitors) visitor.pump();
    this.#shared = undefined;
  }

  /** The messages in the log, read once: a client repeats a message whose answer was lost in a restart. */
  #knownEvents(): Awaitable<KnownMessages> {
    if (this.#known !== undefined) return this.#known;
    const known = knownMessages();
    return andThen(this.#readKnown(known, this.log.first - 1), () => (this.#known ??= known));
  }

  #readKnown(known: KnownMessages, after: number): Awaitable<void> {
    if (after >= this.log.published) return undefined;
    return andThen(this.log.read(after), (entries) => {
      for (const { encoded, seq } of entries) {
        const { from, message_id: id } = JSON.parse(encoded) as { from?: { member_id: string }; message_id: string };
        known.set(eventKey(from?.member_id, id), seq);
      }
      return this.#readKnown(known, entries.at(-1)?.seq ?? this.log.published);
    });
  }
}

/** A second's worth may come at once. */
function rateOf(perSecond: number): Rate {
  return { burst: Math.max(1, perSecond), perSecond };
}
