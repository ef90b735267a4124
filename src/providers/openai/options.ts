import { checkKnownOptions } from '../../errors/check-known-options.js';
import { MAX_DELAY_MS } from '../../errors/check-number.js';
import { OptionError } from '../../errors/option-error.js';
import type { KnownOptions } from '../../errors/unknown-option.js';

/**
 * A client of the `openai` package, version 6 or 7, described by what is used of it,
 * so that the embedder's own copy fits whatever its version.
 */
export interface OpenAiClientLike {
  readonly chat: {
    readonly completions: {
      create(body: object, options?: object): { asResponse(): Promise<{ readonly body: unknown }> };
    };
  };
}

/** How long {@link createOpenAiProvider} waits. All in milliseconds; each over it is `provider_timeout`. */
export interface OpenAiTimeouts {
  /**
   * For the TCP and TLS connection of one attempt.
   * @default 10000
   */
  connectMs?: number | undefined;
  /**
   * From the sending of one attempt to the first event of its answer.
   * @default 30000
   */
  firstTokenMs?: number | undefined;
  /**
   * Between two events of the answer. Runs only while somebody waits for the next one.
   * @default 30000
   */
  betweenTokensMs?: number | undefined;
  /**
   * From the call to the first event of the answer, all attempts and the waits between them included.
   * @default 60000
   */
  totalToFirstOutputMs?: number | undefined;
}

/** What {@link createOpenAiProvider} takes. */
export interface OpenAiProviderOptions {
  /** The model asked unless a request names one: `gpt-4o-mini`, or whatever the server at `baseUrl` offers. */
  model: string;
  /** The key sent as bearer token. Required unless `client` is given. Servers without keys take any text. */
  apiKey?: string | undefined;
  /**
   * Where the API lives, up to and including the version: `http://127.0.0.1:11434/v1` for a local Ollama.
   * @default 'https://api.openai.com/v1'
   */
  baseUrl?: string | undefined;
  /**
   * Sampling temperature, 0 to 2, unless a request names one.
   * @default the server's own
   */
  temperature?: number | undefined;
  /**
   * The organization billed, sent as `OpenAI-Organization`.
   * @default none
   */
  organization?: string | undefined;
  /**
   * Further fields of every request body, as the API names them: `{ max_completion_tokens: 2000, reasoning_effort: 'low' }`.
   * They cannot replace the fields this provider sets itself.
   * @default none
   */
  extraBody?: Readonly<Record<string, unknown>> | undefined;
  /**
   * A client of your own, for example one that goes through a proxy. It then decides on key, base URL, organization
   * and transport. Its `fetch` is used as it is: Node's own makes the first token come about three times later.
   * @default one is made from the other options
   */
  client?: OpenAiClientLike | undefined;
  /** How long to wait. */
  timeouts?: OpenAiTimeouts | undefined;
  /**
   * Attempts after the first one, before any output: on 408, 409, 429, 500 and above, and connection errors.
   * They wait as long as the server's `Retry-After` says, otherwise 0.5 s, 1 s, 2 s … at most 8 s, less up to 25 % of jitter.
   * @default 2
   */
  maxRetries?: number | undefined;
}

/** Every time to wait, in milliseconds. */
export type ResolvedTimeouts = { readonly [Name in keyof OpenAiTimeouts]-?: number };

/** The options with their defaults filled in. */
export interface ResolvedOptions {
  readonly model: string;
  readonly temperature: number | undefined;
  readonly extraBody: Readonly<Record<string, unknown>>;
  readonly timeouts: ResolvedTimeouts;
  readonly maxRetries: number;
  readonly connection: OpenAiConnection | { readonly client: OpenAiClientLike };
}

/** What a client of our own is made from. */
export interface OpenAiConnection {
  readonly apiKey: string;
  readonly baseUrl: string;
  readonly organization: string | undefined;
}

const DEFAULT_BASE_URL = 'https://api.openai.com/v1';
const DEFAULT_TIMEOUTS: ResolvedTimeouts = {
  connectMs: 10_000,
  firstTokenMs: 30_000,
  betweenTokensMs: 30_000,
  totalToFirstOutputMs: 60_000,
};

const OPENAI_PROVIDER_OPTIONS: KnownOptions<OpenAiProviderOptions> = {
  model: true,
  apiKey: true,
  baseUrl: true,
  temperature: true,
  organization: true,
  extraBody: true,
  client: true,
  timeouts: true,
  maxRetries: true,
};

const OPENAI_TIMEOUTS: KnownOptions<OpenAiTimeouts> = {
  connectMs: true,
  firstTokenMs: true,
  betweenTokensMs: true,
  totalToFirstOutputMs: true,
};

/** Checks the options and fills in the defaults. */
export function resolveOptions(options: OpenAiProviderOptions): ResolvedOptions {
  checkKnownOptions(options, OPENAI_PROVIDER_OPTIONS);
  const { model, temperature, extraBody = {}, maxRetries = 2 } = options;
  if (typeof model !== 'string' || model.trim() === '') throw new OptionError('model', 'the name of a model', model);
  checkTemperature(temperature);
  if (!Number.isInteger(maxRetries) || maxRetries < 0 || maxRetries > 10) {
    throw new OptionError('maxRetries', 'a whole number from 0 to 10', maxRetries);
  }
  if (typeof extraBody !== 'object' || (extraBody as unknown) === null || Array.isArray(extraBody)) {
    throw new OptionError('extraBody', 'an object', extraBody);
  }
  checkKnownOptions(options.timeouts ?? {}, OPENAI_TIMEOUTS, 'timeouts');
  const timeouts: Record<keyof OpenAiTimeouts, number> = { ...DEFAULT_TIMEOUTS };
  for (const name of Object.keys(timeouts) as (keyof OpenAiTimeouts)[]) {
    const ms = options.timeouts?.[name];
    if (ms === undefined) continue;
    if (!(Number.isInteger(ms) && ms > 0 && ms <= MAX_DELAY_MS)) {
      throw new OptionError(`timeouts.${name}`, `a whole number of milliseconds from 1 to ${MAX_DELAY_MS}`, ms);
    }
    timeouts[name] = ms;
  }
  return { model, temperature, extraBody: { ...extraBody }, timeouts, maxRetries, connection: connectionOf(options) };
}

function connectionOf(options: OpenAiProviderOptions): ResolvedOptions['connection'] {
  const { client, apiKey, baseUrl, organization } = options;
  if (client !== undefined) {
    if (!isClient(client)) {
      throw new OptionError('client', 'a client of the openai package', client);
    }
    for (const name of ['apiKey', 'baseUrl', 'organization'] as const) {
      // The value stays out of the message: it may be the key.
      if (options[name] !== undefined) throw new OptionError(name, 'absent where "client" is given', 'a value');
    }
    return { client };
  }
  if (typeof apiKey !== 'string' || apiKey === '') {
    throw new OptionError('apiKey', 'a key, unless "client" is given', apiKey);
  }
  if (!/^[\x21-\x7e]+$/.test(apiKey)) {
    throw new OptionError('apiKey', 'of printable ASCII characters without spaces', 'one with others');
  }
  if (organization !== undefined && !(typeof organization === 'string' && /^[\x21-\x7e]+$/.test(organization))) {
    throw new OptionError('organization', 'of printable ASCII characters without spaces', organization);
  }
  return { apiKey, baseUrl: checkBaseUrl(baseUrl ?? DEFAULT_BASE_URL), organization };
}

function isClient(value: unknown): boolean {
  const { chat } = (value ?? {}) as { readonly chat?: { readonly completions?: { readonly create?: unknown } } };
  return typeof chat?.completions?.create === 'function';
}

function checkTemperature(value: number | undefined): void {
  if (value === undefined) return;
  if (!(typeof value === 'number' && value >= 0 && value <= 2)) {
    throw new OptionError('temperature', 'a number from 0 to 2', value);
  }
}

function checkBaseUrl(value: string): string {
  const rule = 'an http or https URL without credentials, query and fragment';
  if (typeof value !== 'string') throw new OptionError('baseUrl', rule, value);
  let url: URL;
  try {
    url = new URL(value);
  } catch {
    // What does not parse may still hold a password.
    throw new OptionError('baseUrl', rule, value.includes('@') ? 'text with "@"' : value);
  }
  if (url.username !== '' || url.password !== '') throw new OptionError('baseUrl', rule, 'a URL with credentials');
  if (!/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '') {
    throw new OptionError('baseUrl', rule, `${url.protocol}//${url.host}${url.pathname}`);
  }
  return url.href.replace(/\/+$/, '');
}
