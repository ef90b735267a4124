import type { Connection } from '../connection/connection.js';
import { AgentSocketError } from '../protocol/agent-socket-error.js';
import { ADDRESS_DETAIL } from '../run/run-errors.js';
import type { Accounts } from '../runtime/account-shares.js';
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
    for (const scope of scopes) {
      const waitMs = bucketOf(scope, connection, now)?.takeOne(now) ?? 0;
      if (waitMs === 0) continue;
      for (const before of scopes.slice(0, scopes.indexOf(scope))) bucketOf(before, connection, now)?.take(-1, now);
      return refusal(scope, counted, waitMs);
    }
    return undefined;
  }

  /** Counts what a message costs besides itself. */
  charge(connection: Connection, counted: Exclude<Counted, 'tokens'>, amount: number): void {
    const now = this.#now();
    for (const scope of this.#scopes[counted]) bucketOf(scope, connection, now)?.take(amount, now);
  }

  /** The refusal of a query whose owner or address has used too many tokens. */
  outOfTokens(connection: Connection): AgentSocketError | undefined {
    const scopes = this.#scopes.tokens;
    if (scopes.length === 0) return undefined;
    const now = this.#now();
    for (const scope of scopes) {
      const waitMs = bucketOf(scope, connection, now)?.wait(now) ?? 0;
      if (waitMs > 0) return refusal(scope, 'tokens', waitMs);
    }
    return undefined;
  }

  /** Counts the tokens that a run has used. */
  spend({ owner, address }: Accounts, tokens: number): void {
    const now = this.#now();
    for (const { of, buckets } of this.#scopes.tokens) {
      const key = of === 'perPrincipal' ? owner : address;
      if (key !== undefined) buckets.of(key, now).take(tokens, now);
    }
  }

  /** Counts a refusal, or as many as a long message stands for. Returns whether the connection has gone on for too long. */
  isRepeated(connection: Connection, amount = 1): boolean {
    const now = this.#now();
    let bucket = this.#refusals.get(connection);
    if (bucket === undefined) this.#refusals.set(connection, (bucket = new TokenBucket(REFUSALS, now)));
    const isOver = bucket.wait(now) > 0;
    if (!isOver) bucket.take(amount, now);
    return isOver;
  }
}

function refusal({ of }: Scope, counted: Counted, retryAfterMs: number): AgentSocketError {
  return new AgentSocketError('rate_limited', `${WHOSE[of]} used too many ${UNITS[counted]} in too short a time`, {
    retryAfterMs,
    detail: of === 'perAddress' ? ADDRESS_DETAIL : undefined,
  });
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

function keyOf(of: keyof RateScopes, { id, accounts }: Connection): string | undefined {
  switch (of) {
    case 'perConnection':
      return id;
    case 'perPrincipal':
      return accounts.owner;
    case 'perAddress':
      return accounts.address;
  }
}
