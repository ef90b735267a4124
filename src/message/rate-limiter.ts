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

/** Who asks, or has asked. */
interface Asker {
  /** Of the connection. */
  readonly id: string | undefined;
  readonly accounts: Accounts;
}

/** What counts in one scope of one limit for one connection. */
class Counter {
  readonly of: keyof RateScopes;
  readonly #buckets: Buckets;
  readonly #key: string;
  #bucket: TokenBucket | undefined;
  #sweeps = 0;

  constructor({ of, buckets }: Scope, key: string) {
    this.of = of;
    this.#buckets = buckets;
    this.#key = key;
  }

  /** To look it up costs more than to take from it, so that it is looked up once. */
  bucket(now: number): TokenBucket {
    const { sweeps } = this.#buckets;
    if (this.#bucket === undefined || this.#sweeps !== sweeps) {
      this.#bucket = this.#buckets.of(this.#key, now);
      this.#sweeps = sweeps;
    }
    return this.#bucket;
  }
}

/** Counts what clients ask for, and refuses what comes too often. */
export class RateLimiter {
  readonly #now: () => number;
  readonly #scopes: Readonly<Record<Counted, readonly Scope[]>>;
  /** By connection. A limit is added when it is counted for the first time. */
  readonly #counters = new WeakMap<Connection, { [Limit in Counted]?: readonly Counter[] }>();
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
    const counters = this.#countersOf(connection, counted);
    if (counters.length === 0) return undefined;
    const now = this.#now();
    for (const counter of counters) {
      const waitMs = counter.bucket(now).takeOne(now);
      if (waitMs === 0) continue;
      for (const before of counters.slice(0, counters.indexOf(counter))) before.bucket(now).take(-1, now);
      return refusal(counter, counted, waitMs);
    }
    return undefined;
  }

  /** Counts what a message costs besides itself. */
  charge(connection: Connection, counted: Exclude<Counted, 'tokens'>, amount: number): void {
    const now = this.#now();
    for (const counter of this.#countersOf(connection, counted)) counter.bucket(now).take(amount, now);
  }

  /** The refusal of a query whose connection, owner or address has used too many tokens. */
  outOfTokens(connection: Connection): AgentSocketError | undefined {
    const counters = this.#countersOf(connection, 'tokens');
    if (counters.length === 0) return undefined;
    const now = this.#now();
    for (const counter of counters) {
      const waitMs = counter.bucket(now).wait(now);
      if (waitMs > 0) return refusal(counter, 'tokens', waitMs);
    }
    return undefined;
  }

  /** Counts the tokens that a run has used. */
  spend(asker: Asker, tokens: number): void {
    const now = this.#now();
    for (const { of, buckets } of this.#scopes.tokens) {
      const key = keyOf(of, asker);
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

  #countersOf(connection: Connection, counted: Counted): readonly Counter[] {
    const scopes = this.#scopes[counted];
    if (scopes.length === 0) return NO_COUNTERS;
    let byLimit = this.#counters.get(connection);
    if (byLimit === undefined) this.#counters.set(connection, (byLimit = {}));
    return (byLimit[counted] ??= scopes.flatMap((scope) => {
      const key = keyOf(scope.of, connection);
      return key === undefined ? [] : [new Counter(scope, key)];
    }));
  }
}

const NO_COUNTERS: readonly Counter[] = [];

function refusal({ of }: Counter, counted: Counted, retryAfterMs: number): AgentSocketError {
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

function keyOf(of: keyof RateScopes, { id, accounts }: Asker): string | undefined {
  switch (of) {
    case 'perConnection':
      return id;
    case 'perPrincipal':
      return accounts.owner;
    case 'perAddress':
      return accounts.address;
  }
}
