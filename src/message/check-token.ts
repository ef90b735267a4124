import type { Connection } from '../connection/connection.js';
import type { Principal } from '../connection/principal.js';
import type { Awaitable } from '../runtime/awaitable.js';

/** Whose the token of an `auth` message is; `null` refuses it. Throws if it cannot be checked. */
export type CheckToken = (connection: Connection, token: string) => Awaitable<Principal | null>;
