import { nested, type Checked, type OptionTable } from '../runtime/option-table.js';
import { number, type Rule } from '../runtime/rule.js';
import type { Rate } from '../runtime/token-bucket.js';

/** A rate for each party that a limit counts; `false` for none. */
export interface RateScopes {
  /** Of one connection. */
  perConnection?: Rate | false | undefined;
  /** Of all connections of one principal. Clients that share the anonymous principal have no rate as a principal. */
  perPrincipal?: Rate | false | undefined;
  /** Of all connections of one address; an IPv6 address counts with its /64 network. */
  perAddress?: Rate | false | undefined;
}

/** How often clients may ask. What is left out keeps its default; `false` switches off a limit. */
export interface RateLimits {
  /**
   * Messages of any type. A message that reads or changes what is stored counts as ten, and each 16 KiB of a message as one
   * more.
   * @default 200 a second of a connection, 400 of a principal, 2000 of an address; five to ten times as many at once
   */
  messages?: RateScopes | false | undefined;
  /**
   * `agent_query` and `streaming_query`.
   * @default 5 a second of a connection, 10 of a principal, 50 of an address; 20 times as many at once
   */
  queries?: RateScopes | false | undefined;
  /**
   * Messages of type `tool_call`. Calls of the model count in its query.
   * @default 50 a second of a connection, 100 of a principal, 200 of an address; 20 times as many at once
   */
  toolCalls?: RateScopes | false | undefined;
  /**
   * Tokens of the model, read and written, counted when a run ends: queries are refused until the excess is made up.
   * @default 2500 a second of a connection, 5000 of a principal, 50000 of an address; 1000 times as many at once
   */
  tokens?: RateScopes | false | undefined;
}

/** A rule that also accepts `false`. */
function orFalse<Read>(rule: Rule<Read>): Rule<Read | false> {
  return {
    sentence: `${rule.sentence}, or false`,
    read: (option, value) => value !== false && rule.read(option, value),
  };
}

const rate = orFalse(
  nested<Rate>()({
    burst: { text: 'How much may happen at once.', rule: number({ least: 1 }), required: true },
    perSecond: {
      text: 'How much may happen in a second from then on.',
      rule: number({ least: 0.001 }),
      required: true,
    },
  }),
);

const perConnection = { text: 'Of one connection.', rule: rate } as const;
const perPrincipal = { text: 'Of all connections of one principal.', rule: rate } as const;
const perAddress = { text: 'Of all connections of one address.', rule: rate } as const;

const scopes = nested<Required<RateScopes>>();

export const RATE_LIMITS = {
  messages: {
    text: 'Messages of any type.',
    rule: orFalse(
      scopes({
        perConnection: { ...perConnection, default: { burst: 1_000, perSecond: 200 } },
        perPrincipal: { ...perPrincipal, default: { burst: 4_000, perSecond: 400 } },
        perAddress: { ...perAddress, default: { burst: 20_000, perSecond: 2_000 } },
      }),
    ),
    default: {},
    defaultText:
      '200 a second of a connection, 400 of a principal, 2000 of an address; five to ten times as many at once',
  },
  queries: {
    text: '`agent_query` and `streaming_query`.',
    rule: orFalse(
      scopes({
        perConnection: { ...perConnection, default: { burst: 100, perSecond: 5 } },
        perPrincipal: { ...perPrincipal, default: { burst: 200, perSecond: 10 } },
        perAddress: { ...perAddress, default: { burst: 1_000, perSecond: 50 } },
      }),
    ),
    default: {},
    defaultText: '5 a second of a connection, 10 of a principal, 50 of an address; 20 times as many at once',
  },
  toolCalls: {
    text: 'Messages of type `tool_call`.',
    rule: orFalse(
      scopes({
        perConnection: { ...perConnection, default: { burst: 1_000, perSecond: 50 } },
        perPrincipal: { ...perPrincipal, default: { burst: 2_000, perSecond: 100 } },
        perAddress: { ...perAddress, default: { burst: 4_000, perSecond: 200 } },
      }),
    ),
    default: {},
    defaultText: '50 a second of a connection, 100 of a principal, 200 of an address; 20 times as many at once',
  },
  tokens: {
    text: 'Tokens of the model, read and written, counted when a run ends: queries are refused until the excess is made up.',
    rule: orFalse(
      scopes({
        perConnection: { ...perConnection, default: { burst: 2_500_000, perSecond: 2_500 } },
        perPrincipal: { ...perPrincipal, default: { burst: 5_000_000, perSecond: 5_000 } },
        perAddress: { ...perAddress, default: { burst: 50_000_000, perSecond: 50_000 } },
      }),
    ),
    default: {},
    defaultText: '2500 a second of a connection, 5000 of a principal, 50000 of an address; 1000 times as many at once',
  },
} as const satisfies OptionTable<RateLimits>;

export const rateLimits = orFalse(nested<RateLimits>()(RATE_LIMITS));

/** Checked limits, with their defaults. */
export type CheckedRateLimits = Checked<RateLimits, typeof RATE_LIMITS>;
