import { createHash, randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Principal } from '../connection/principal.js';
import type { Awaitable } from '../runtime/awaitable.js';
import { checkOptions, type OptionTable } from '../runtime/option-table.js';
import { aFunction, delay, integer } from '../runtime/rule.js';
import { Shares } from '../runtime/shares.js';
import { tokenOf } from './token-of.js';

/** What {@link createTickets} takes. */
export interface TicketOptions<P extends Principal> {
  /**
   * Who asks for a ticket. Called by `handler` for each `POST`, after your own middleware. `null` answers 401; an error is
   * answered with 500 and passed to `next`, if there is one.
   */
  principal: (request: IncomingMessage) => Awaitable<P | null>;
  /**
   * How long a ticket may be used. In milliseconds.
   * @default 30000
   */
  ttlMs?: number | undefined;
  /**
   * Unused tickets at the same time. One more is answered with 503.
   * @default 10000
   */
  maxTickets?: number | undefined;
  /**
   * Unused tickets of one principal. One more makes the oldest of them void.
   * @default 32
   */
  maxTicketsPerPrincipal?: number | undefined;
}

export const TICKET_OPTIONS = {
  principal: { text: 'Who asks for a ticket.', rule: aFunction, required: true },
  ttlMs: { text: 'How long a ticket may be used.', rule: delay(1), default: 30_000 },
  maxTickets: { text: 'Unused tickets at the same time.', rule: integer(1), default: 10_000 },
  maxTicketsPerPrincipal: { text: 'Unused tickets of one principal.', rule: integer(1), default: 32 },
} as const satisfies OptionTable<TicketOptions<Principal>>;

/** Where a ticket may be used. */
export interface TicketBinding {
  /** The `Origin` that the handshake must have; `undefined` for a client that is no browser. */
  readonly origin: string | undefined;
}

/** Tickets of one process: single-use proofs of identity for pages, whose sessions a WebSocket of another host lacks. */
export interface Tickets<P extends Principal = Principal> {
  /**
   * Answers `POST` with `{ "ticket": "…", "expires_in_ms": 30000 }`, bound to the principal and to the `Origin` of the
   * request: `app.post('/ws/ticket', requireLogin, tickets.handler)`. Reads no body.
   */
  readonly handler: (request: IncomingMessage, response: ServerResponse, next?: (error?: unknown) => void) => void;
  /** An `authenticate` hook: the principal of the ticket that the request offers as its token, or `null`. */
  readonly authenticate: (request: IncomingMessage) => P | null;
  /**
   * Makes a ticket, for a backend that hands it to a page itself.
   * @returns `undefined` if there are `maxTickets` already
   */
  issue(principal: P, binding: TicketBinding): string | undefined;
  /** Makes the unused tickets of a principal void. */
  revoke(principalId: string): void;
}

interface Held<P> {
  readonly principal: P;
  readonly origin: string | undefined;
  /** On the monotonic clock. */
  readonly endsAt: number;
}

/** An answer of the handler. */
interface Answer {
  readonly status: number;
  readonly body: object;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Bytes of a ticket. */
const TICKET_BYTES = 32;

/**
 * Makes single-use tickets. They are kept in the memory of this process, as hashes: a ticket is good for the process that
 * made it.
 * @throws OptionError if an option is unknown or breaks its rule
 */
export function createTickets<P extends Principal = Principal>(options: TicketOptions<P>): Tickets<P> {
  const { ttlMs, maxTickets, maxTicketsPerPrincipal } = checkOptions(options, TICKET_OPTIONS);
  /** By hash, in the order of their ends. */
  const held = new Map<string, Held<P>>();
  const shares = new Shares();

  function drop(hash: string): Held<P> | undefined {
    const ticket = held.get(hash);
    if (ticket !== undefined && held.delete(hash)) shares.add(ticket.principal.id, -1);
    return ticket;
  }

  function dropEnded(): void {
    const now = performance.now();
    for (const [hash, { endsAt }] of held) {
      if (endsAt > now) return;
      drop(hash);
    }
  }

  function dropOldestOf(id: string): void {
    for (const [hash, { principal }] of held) if (principal.id === id) return void drop(hash);
  }

  function issue(principal: P, { origin }: TicketBinding): string | undefined {
    dropEnded();
    if (shares.of(principal.id) >= maxTicketsPerPrincipal) dropOldestOf(principal.id);
    if (held.size >= maxTickets) return undefined;
    const ticket = randomBytes(TICKET_BYTES).toString('base64url');
    held.set(hashOf(ticket), { principal, origin, endsAt: performance.now() + ttlMs });
    shares.add(principal.id, 1);
    return ticket;
  }

  async function answer(request: IncomingMessage): Promise<Answer> {
    if (request.method !== 'POST') {
      return { status: 405, body: { error: 'Only POST is answered here' }, headers: { Allow: 'POST' } };
    }
    const principal = await options.principal(request);
    if (principal === null) return { status: 401, body: { error: 'Not authenticated' } };
    const ticket = issue(principal, { origin: request.headers.origin });
    if (ticket !== undefined) return { status: 200, body: { ticket, expires_in_ms: ttlMs } };
    return { status: 503, body: { error: 'Too many tickets' }, headers: { 'Retry-After': '1' } };
  }

  return {
    handler: (request, response, next) => {
      answer(request).then(
        (answered) => reply(response, answered),
        (error: unknown) => {
          if (next === undefined) reply(response, { status: 500, body: { error: 'Internal error' } });
          else next(error);
        },
      );
    },
    authenticate: (request) => {
      const token = tokenOf(request);
      // Also a ticket that is too late or of another page is used up.
      const ticket = token === undefined ? undefined : drop(hashOf(token));
      if (ticket === undefined || ticket.endsAt <= performance.now()) return null;
      return ticket.origin === request.headers.origin ? ticket.principal : null;
    },
    issue,
    revoke: (principalId) => {
      for (const [hash, { principal }] of held) if (principal.id === principalId) drop(hash);
    },
  };
}

function hashOf(ticket: string): string {
  return createHash('sha256').update(ticket).digest('base64');
}

function reply(response: ServerResponse, { status, body, headers }: Answer): void {
  const fixed = { 'Content-Type': 'application/json; charset=utf-8', 'Cache-Control': 'no-store' };
  response.writeHead(status, { ...fixed, ...headers }).end(JSON.stringify(body));
}
