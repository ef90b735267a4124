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

/** A principal in a room: all its connections are one member. */
export class Member implements RoomMember {
  readonly id: string;
  readonly principal: Principal;
  name: string;
  data: MemberData | undefined;
  state: MemberState = 'idle';
  /** Number of its connections in the room. */
  connections = 0;

  constructor(room: string, principal: Principal) {
    this.id = memberIdOf(room, principal.id);
    this.principal = principal;
    this.name = nameOf(principal) ?? `guest-${this.id.slice(0, 4)}`;
  }

  /** Takes the name that a client gives itself, unless the server knows the name of the principal. */
  rename(name: string | undefined): void {
    if (name !== undefined && nameOf(this.principal) === undefined) this.name = name;
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
  if (line === '') return undefined;
  // Not cut inside of a surrogate pair.
  return line
    .slice(0, LIMITS.memberNameLength)
    .replace(/[\ud800-\udbff]$/, '')
    .trimEnd();
}
