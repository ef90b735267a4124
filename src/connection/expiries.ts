import { CLOSE_CODES } from '../protocol/close-codes.js';
import type { Connection } from './connection.js';
import { endOf, hasExpired } from './principal.js';

/** The close of a connection whose credentials have ended. */
const EXPIRED = { code: CLOSE_CODES.unauthorized.code, reason: 'The credentials have ended' };

/** Ends fall on multiples of this time, so that one look handles many connections. In milliseconds. */
const STEP_MS = 100;

/** Longest wait of the timer, in milliseconds: a clock that was set, or a suspended machine, is noticed within it. */
const MAX_WAIT_MS = 60_000;

/** When a connection is told that its credentials end; `undefined` once it was told. */
interface Notice {
  readonly expiresAt: number;
  tellAt: number | undefined;
}

/**
 * Ends connections whose credentials end, after a notice. One shared timer serves all connections; a connection whose
 * credentials never end costs nothing.
 */
export class Expiries {
  readonly #leadMs: number;
  readonly #notices = new Map<Connection, Notice>();
  #timer: NodeJS.Timeout | undefined;
  /** When the timer is due, in Unix milliseconds. */
  #dueAt = Infinity;

  /** @param leadMs - how long before the end the client is told */
  constructor(leadMs: number) {
    this.#leadMs = leadMs;
  }

  /** Adds a connection, or notes that its credentials are new. */
  add(connection: Connection): void {
    this.#notices.delete(connection);
    const expiresAt = endOf(connection.principal);
    if (expiresAt === Infinity || !connection.isOpen) return;
    const leftMs = expiresAt - Date.now();
    // A short life leaves time for work between the renewals.
    const notice = { expiresAt, tellAt: expiresAt - Math.min(this.#leadMs, leftMs / 2) };
    this.#notices.set(connection, notice);
    this.#wakeAt(notice.tellAt);
  }

  remove(connection: Connection): void {
    if (!this.#notices.delete(connection) || this.#notices.size > 0) return;
    clearTimeout(this.#timer);
    this.#dueAt = Infinity;
  }

  #look(): void {
    this.#dueAt = Infinity;
    const nowMs = Date.now();
    let next = Infinity;
    // Closing or telling may change the map, which a Map allows during a walk.
    for (const [connection, notice] of this.#notices) {
      if (hasExpired(connection.principal, nowMs)) {
        this.#notices.delete(connection);
        end(connection);
        continue;
      }
      if (notice.tellAt !== undefined && notice.tellAt <= nowMs) {
        notice.tellAt = undefined;
        tell(connection, notice.expiresAt - nowMs);
      }
      next = Math.min(next, notice.tellAt ?? notice.expiresAt);
    }
    if (next !== Infinity) this.#wakeAt(next);
  }

  #wakeAt(atMs: number): void {
    const nowMs = Date.now();
    const at = Math.min(Math.ceil(Math.max(atMs, nowMs + 1) / STEP_MS) * STEP_MS, nowMs + MAX_WAIT_MS);
    if (at >= this.#dueAt) return;
    this.#dueAt = at;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#look(), at - nowMs);
    this.#timer.unref();
  }
}

function end(connection: Connection): void {
  try {
    connection.close(EXPIRED);
  } catch {
    // A custom socket violates its contract. Other connections and the process must not suffer.
    connection.terminate();
  }
}

/** Clients of the documented core do not know the message. */
function tell(connection: Connection, leftMs: number): void {
  if (!connection.negotiated) return;
  connection.sendMessage({
    type: 'auth_expiring',
    timestamp: connection.timestamp(),
    expires_in_ms: Math.max(0, Math.round(leftMs)),
  });
}
