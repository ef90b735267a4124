import type { Connection } from '../connection/connection.js';
import { ANONYMOUS } from '../connection/principal.js';
import { AgentSocketError } from '../protocol/agent-socket-error.js';
import { ADDRESS_DETAIL } from '../run/run-errors.js';
import { Buckets } from '../runtime/buckets.js';
import { TokenBucket, type Rate } from '../runtime/token-bucket.js';
import type { CheckedRateLimits, RateLimits, RateScopes } from './rate-limits.js';

/** What is counted. */
export type Counted = keyof RateLimits;

/** The refusals that a connection may cause before it is closed. */
const REFUSALS: Rate = { burst: 100, perSecond: 1 };

const UNITS: Readonly<Record<Counted, string>> = {
  messages: 'messages',
  queries: 'queries',
  toolCalls: 'tool calls',
  tokens: 'tokens of the model',
};

const WHOSE: Readonly<Record<keyof RateScopes, string>> = {
  perConnection: 'This connection has',
  perPrincipal: 'You have',
  perAddress: 'The clients of your address have',
};

/** One scope of one limit. */
interface Scope {
  readonly of: keyof RateScopes;
  readonly buckets: Buckets;
}

/** Counts what clients ask for, and refuses what comes too often. */
export class RateLimiter {
  readonly #now: () => number;
  readonly #scopes: Readonly<Record<Counted, readonly Scope[]>>;
  readonly #refusals = new WeakMap<Connection, TokenBucket>();

  /** @param now - a monotonic clock in milliseconds */
  constructor(limits: CheckedRateLimits | false, now: () => number = () => performance.now()) {
    this.#now = now;
    this.#scopes = {
      messages: scopesOf(limits && limits.messages),
      queries: scopesOf(limits && limits.queries),
      toolCalls: scopesOf(limits && limits.toolCalls),
      tokens: scopesOf(limits && limits.tokens),
    };
  }

  /** Counts one message, query or call. Returns the refusal if there are too many; then it does not count. */
  take(connection: Connection, counted: Exclude<Counted, 'tokens'>): AgentSocketError | undefined {
    const scopes = this.#scopes[counted];
    if (scopes.length === 0) return undefined;
    const now = this.#now();
    const refusal = this.#refusalOf(connection, counted, now);
    if (refusal !== undefined) return refusal;
    for (const scope of scopes) bucketOf(scope, connection, now)?.take(1, now);
    return undefined;
  }

  /** Counts what a message costs besides itself. */
  charge(connection: Connection, counted: Exclude<Counted, 'tokens'>, amount: number): void {
    const now = this.#now();
    for (const scope of this.#scopes[counted]) bucketOf(scope, connection, now)?.take(amount, now);
  }

  /** The refusal of a query whose owner or address has used too many tokens. */
  outOfTokens(connection: Connection): AgentSocketError | undefined {
    return this.#scopes.tokens.length === 0 ? undefined : this.#refusalOf(connection, 'tokens', this.#now());
  }

  /** Counts the tokens that a run has used. */
  spend(owner: string, address: string | undefined, tokens: number): void {
    const now = this.#now();
    for (const { of, buckets } of this.#scopes.tokens) {
      const key = of === 'perPrincipal' ? ownerKey(owner) : address;
      if (key !== undefined) buckets.of(key, now).take(tokens, now);
    }
  }

  /** Counts a refusal. Returns whether the connection has gone on for too long. */
  isRepeated(connection: Connection): boolean {
    const now = this.#now();
    let bucket = this.#refusals.get(connection);
    if (bucket === undefined) this.#refusals.set(connection, (bucket = new TokenBucket(REFUSALS, now)));
    if (bucket.wait(now) > 0) return true;
    bucket.take(1, now);
    return false;
  }

  #refusalOf(connection: Connection, counted: Counted, now: number): AgentSocketError | undefined {
    for (const scope of this.#scopes[counted]) {
      const retryAfterMs = bucketOf(scope, connection, now)?.wait(now) ?? 0;
      if (retryAfterMs === 0) continue;
      return new AgentSocketError(
        'rate_limited',
        `${WHOSE[scope.of]} used too many ${UNITS[counted]} in too short a time`,
        {
          retryAfterMs,
          detail: scope.of === 'perAddress' ? ADDRESS_DETAIL : undefined,
        },
      );
    }
    return undefined;
  }
}

function scopesOf(limit: { readonly [Of in keyof RateScopes]?: Rate | false | undefined } | false): readonly Scope[] {
  if (limit === false) return [];
  return (['perConnection', 'perPrincipal', 'perAddress'] as const).flatMap((of) => {
    const rate = limit[of];
    return rate === undefined || rate === false ? [] : [{ of, buckets: new Buckets(rate) }];
  });
}

function bucketOf({ of, buckets }: Scope, connection: Connection, now: number): TokenBucket | undefined {
  const key = keyOf(of, connection);
  return key === undefined ? undefined : buckets.of(key, now);
}

function keyOf(of: keyof RateScopes, { id, principal, addressKey }: Connection): string | undefined {
  switch (of) {
    case 'perConnection':
      return id;
    case 'perPrincipal':
      return ownerKey(principal.id);
    case 'perAddress':
      return addressKey;
  }
}

/** Clients without authentication that are one owner are not one person. */
function ownerKey(owner: string): string | undefined {
  return owner === ANONYMOUS.id ? undefined : owner;
}
