import type { Accounts } from '../runtime/account-shares.js';
import { addressKey } from '../runtime/address-key.js';

/** The owner of a connection and its runs. Embedders add what they need to know about the person. */
export interface Principal {
  /**
   * Stable and unique: it is part of the key of each run. 1 to 256 characters, none of them
   * invisible, and not beginning with `room:`. Ids are compared exactly: nothing is trimmed, folded or normalized.
   */
  readonly id: string;
  /**
   * The name that others see in rooms, and that the model is told. A principal without one names itself.
   * @default none
   */
  readonly name?: string | undefined;
  /** What the principal may do, such as `tools:calculator`; see `permissions`. */
  readonly scopes?: readonly string[] | undefined;
  /** When the credentials end, in Unix milliseconds: the connection is closed with code 4401 then. */
  readonly expiresAt?: number | undefined;
}

/** A principal as far as it is known: of what an earlier process or another node began, only `id` and `scopes` are. */
export type KnownPrincipal<P extends Principal> = Principal & Partial<P>;

/** Maximum length of the id of a principal, in UTF-16 units: longer than an email address and an address of an issuer. */
const MAX_ID_LENGTH = 256;

/**
 * Characters without a shape: control, format (zero-width, bidirectional), unpaired surrogates, separators of lines. Two
 * ids that differ in them look alike, and they could break the lines of a log.
 */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

/** How the owners of the runs of rooms begin, whose runs and conversation would be a principal's of the same id. */
export const ROOM_PREFIX = 'room:';

/** What the id of a principal must be. */
export const PRINCIPAL_ID = `1 to 256 visible characters that do not begin with "${ROOM_PREFIX}"`;

/** Whether a value can be the id of a principal. */
export function isPrincipalId(id: unknown): id is string {
  if (typeof id !== 'string' || id.trim() === '' || id.length > MAX_ID_LENGTH) return false;
  return !INVISIBLE.test(id) && !id.startsWith(ROOM_PREFIX);
}

/** What `expiresAt` of a principal must be. */
export const EXPIRES_AT = 'a number of Unix milliseconds';

/**
 * Whether a value can be `expiresAt` of a principal. A hook written without a compiler may give a date as text, or no
 * number, which must not count as credentials that never end.
 */
export function isExpiresAt(value: unknown): value is number | undefined {
  return value === undefined || (typeof value === 'number' && !Number.isNaN(value));
}

/** When the credentials of a principal end, in Unix milliseconds; `Infinity` if never. */
export function endOf({ expiresAt }: Principal): number {
  return expiresAt ?? Infinity;
}

/** Whether the credentials of a principal have ended. */
export function hasExpired(principal: Principal, nowMs = Date.now()): boolean {
  return endOf(principal) <= nowMs;
}

/** A principal as messages name it. */
export function wireIdentity(principal: Principal): { principal_id: string; expires_at: number | undefined } {
  const end = endOf(principal);
  return { principal_id: principal.id, expires_at: end === Infinity ? undefined : end / 1000 };
}

/** The owner of all connections if `anonymous` is `shared`. */
export const ANONYMOUS: Principal = Object.freeze({ id: 'anonymous' });

/** Under which names counts what a client has. Clients without authentication that are one owner are not one person. */
export function accountsOf(owner: string, remoteAddress: string | undefined): Accounts {
  return {
    owner: owner === ANONYMOUS.id ? undefined : owner,
    address: remoteAddress === undefined ? undefined : addressKey(remoteAddress),
  };
}

/** What follows in the id of a principal that stands for a secret of the client's own. */
const OF_SECRET = /^anonymous-[\w-]{22}$/;

/**
 * Under which name counts what a client makes the server keep. A client that nobody authenticates gets as many principals
 * as it makes up secrets, so it counts with its address; no id of a principal begins with a line end.
 */
export function payerOf({ id }: Principal, remoteAddress: string | undefined): string {
  if (id !== ANONYMOUS.id && !OF_SECRET.test(id)) return id;
  return `\n${remoteAddress === undefined ? '' : addressKey(remoteAddress)}`;
}
