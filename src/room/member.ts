import { hash } from 'node:crypto';
import type { Principal } from '../connection/principal.js';
import type { MemberState } from '../protocol/room-fields.js';
import { LIMITS } from '../protocol/version.js';

/** Data that others see of a member. */
export type MemberData = Readonly<Record<string, unknown>>;

/** A member as others see it. */
export interface RoomMember {
  /** One for all connections of a principal, the same in every session, another in each room. */
  readonly id: string;
  readonly name: string;
  readonly data?: MemberData | undefined;
  readonly state: MemberState;
}

/** What others see of a member, and whether the server knows its name, as nodes tell each other. */
export interface ShownMember extends Omit<RoomMember, 'id'> {
  readonly isNamed?: boolean | undefined;
}

/** A principal in a room: all its connections are one member. */
export class Member implements RoomMember {
  readonly id: string;
  principal: Principal;
  name: string;
  data: MemberData | undefined;
  /** The newest state that was told of it here or at another node. */
  state: MemberState = 'idle';
  /** Whether the server knows the name: nobody else has it then. */
  isNamed = false;
  /** Number of its connections in the room. */
  connections = 0;
  /** The {@link likeness} of a name. */
  #likeness = { of: '', text: '' };
  /** What its connections here do, if anything; the newest last. */
  readonly #doing = new Map<object, MemberState>();

  constructor(room: string, principal: Principal) {
    this.id = memberIdOf(room, principal.id);
    this.principal = principal;
    this.name = this.#guest;
    this.renew(principal);
  }

  /** Of its name: see {@link likenessOf}. */
  get likeness(): string {
    if (this.#likeness.of !== this.name) this.#likeness = { of: this.name, text: likenessOf(this.name) };
    return this.#likeness.text;
  }

  /** What the newest of its connections here does. */
  get stateHere(): MemberState {
    return [...this.#doing.values()].at(-1) ?? 'idle';
  }

  /** Takes newer credentials. Returns whether others see it. */
  renew(principal: Principal): boolean {
    this.principal = principal;
    const name = nameOf(principal);
    this.isNamed = name !== undefined;
    if (name === undefined || name === this.name) return false;
    this.name = name;
    return true;
  }

  /** Takes the name that a client gives itself, unless the server knows the name of the principal. */
  rename(name: string | undefined): void {
    if (name !== undefined && !this.isNamed) this.name = name;
  }

  /** Leaves its name to a member whose name the server knows. Returns whether it had the same. */
  giveWayTo({ id, likeness }: Pick<Member, 'id' | 'likeness'>): boolean {
    if (this.isNamed || this.id === id || this.likeness !== likeness) return false;
    const ending = ` (${this.#guest})`;
    this.name = cut(this.name, LIMITS.memberNameLength - ending.length) + ending;
    return true;
  }

  /** One of its connections does something else. */
  act(connection: object, state: MemberState): void {
    this.#doing.delete(connection);
    if (state !== 'idle') this.#doing.set(connection, state);
    this.state = this.stateHere;
  }

  /** One of its connections is gone. Returns whether others see that it does nothing more. */
  stopActing(connection: object): boolean {
    if (!this.#doing.delete(connection)) return false;
    const before = this.state;
    this.state = this.stateHere;
    return this.state !== before;
  }

  get #guest(): string {
    return `guest-${this.id.slice(0, 4)}`;
  }
}

/**
 * Derived, since an id of a principal may be an address of a person or a secret. 96 bits, so that no two principals share
 * one.
 */
export function memberIdOf(room: string, principalId: string): string {
  return hash('sha256', JSON.stringify([room, principalId]), 'base64url').slice(0, 16);
}

/** The name of a principal on one line, of visible characters. */
function nameOf({ name }: Principal): string | undefined {
  if (typeof name !== 'string') return undefined;
  const line = name.replace(/[\p{C}\p{Z}]+/gu, ' ').trim();
  return line === '' ? undefined : cut(line, LIMITS.memberNameLength);
}

/** Not cut inside of a surrogate pair. */
function cut(name: string, length: number): string {
  return name
    .slice(0, length)
    .replace(/[\ud800-\udbff]$/, '')
    .trimEnd();
}

/** Names that a person takes for the same have the same text. */
export function likenessOf(name: string): string {
  return name
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[\p{C}\p{Z}]+/gu, '');
}
