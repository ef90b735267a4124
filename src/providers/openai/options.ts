import type { LlmAttachmentType } from '../../store/conversation-store.js';
import { checkKnownOptions } from '../../runtime/check-known-options.js';
import { checkNumber, MAX_DELAY_MS } from '../../runtime/check-number.js';
import { OptionError } from '../../runtime/option-error.js';
import type { KnownOptions } from '../../runtime/unknown-option.js';

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
   * Further headers of every request: `{ 'api-key': key }` for Azure, `{ 'X-Title': 'Shop' }` for OpenRouter. Their values
   * are kept out of logs as the key is.
   * @default none
   */
  extraHeaders?: Readonly<Record<string, string>> | undefined;
  /**
   * The kinds of attachments the model at the other end takes. Images are sent as `image_url`, other files as `file`, and
   * files of text as text.
   * @default `['image', 'file']` for api.openai.com, otherwise none
   */
  accepts?: readonly LlmAttachmentType[] | undefined;
  /**
   * The HTTP proxy that requests go through, as a URL: `http://proxy.example:3128`. `'environment'` takes what
   * `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` say, in upper or lower case, when the first request is made; nothing else
   * makes this provider look at the environment.
   * @default no proxy
   */
  proxy?: string | undefined;
  /**
   * A client of your own. It then decides on key, base URL, organization, proxy and transport. Its `fetch` is used as it
   * is: Node's own makes the first token come about three times later.
   * @default one is made from the other options
   */
  client?: OpenAiClientLike | undefined;
  /**
   * Milliseconds for the TCP and TLS connection of one attempt. Over it the attempt counts as failed.
   * @default 10000
   */
  connectTimeoutMs?: number | undefined;
  /**
   * Milliseconds from the call to the first text, reasoning or tool call of its answer, all attempts and the waits between
   * them included. Whatever arrives before, such as a comment that keeps the connection alive, starts the time anew. Over
   * it: `provider_timeout`.
   * @default 120000
   */
  firstTokenTimeoutMs?: number | undefined;
  /**
   * Milliseconds without a sign of life in the middle of an answer. Runs only while somebody waits for more. Over it:
   * `provider_timeout`.
   * @default 60000
   */
  tokenTimeoutMs?: number | undefined;
  /**
   * Attempts after the first one, before any output: on 408, 409, 429, 500 and above, and connection errors.
   * They wait as long as the server's `Retry-After` says, at most a minute, otherwise 0.5 s, 1 s, 2 s … at most 8 s, less
   * up to 25 % of jitter.
   * @default 2
   */
  maxRetries?: number | undefined;
}

/** The options with their defaults filled in. */
export interface ResolvedOptions {
  readonly model: string;
  readonly temperature: number | undefined;
  readonly extraBody: Readonly<Record<string, unknown>>;
  readonly extraHeaders: Readonly<Record<string, string>>;
  readonly accepts: readonly LlmAttachmentType[];
  readonly connectTimeoutMs: number;
  readonly firstTokenTimeoutMs: number;
  readonly tokenTimeoutMs: number;
  readonly maxRetries: number;
  readonly connection: OpenAiConnection | { readonly client: OpenAiClientLike };
}

/** What a client of our own is made from. */
export interface OpenAiConnection {
  readonly apiKey: string;
  readonly baseUrl: string;
  readonly organization: string | undefined;
  readonly proxy: string | undefined;
}

const DEFAULT_BASE_URL = 'https://api.openai.com/v1';
const ATTACHMENT_TYPES: readonly LlmAttachmentType[] = ['image', 'file'];
/** Headers that the request has of itself. */
const OWN_HEADERS =
  /^(?:authorization|content-type|content-length|host|connection|transfer-encoding|accept|accept-encoding|openai-organization)$/i;

const OPENAI_PROVIDER_OPTIONS: KnownOptions<OpenAiProviderOptions> = {
  model: true,
  apiKey: true,
  baseUrl: true,
  temperature: true,
  organization: true,
  extraBody: true,
  extraHeaders: true,
  accepts: true,
  proxy: true,
  client: true,
  connectTimeoutMs: true,
  firstTokenTimeoutMs: true,
  tokenTimeoutMs: true,
  maxRetries: true,
};

/** Checks the options and fills in the defaults. */
export function resolveOptions(options: OpenAiProviderOptions): ResolvedOptions {
  checkKnownOptions(options, OPENAI_PROVIDER_OPTIONS);
  const { model, temperature, extraBody = {}, extraHeaders = {}, maxRetries = 2 } = options;
  if (typeof model !== 'string' || model.trim() === '') throw new OptionError('model', 'the name of a model', model);
  checkTemperature(temperature);
  checkNumber('maxRetries', maxRetries, { least: 0, most: 10, integer: true });
  if (typeof extraBody !== 'object' || (extraBody as unknown) === null || Array.isArray(extraBody)) {
    throw new OptionError('extraBody', 'an object', extraBody);
  }
  checkHeaders(extraHeaders);
  const connection = connectionOf(options);
  return {
    model,
    temperature,
    extraBody: { ...extraBody },
    extraHeaders: { ...extraHeaders },
    accepts: acceptsOf(options.accepts, connection),
    connectTimeoutMs: checkTimeout('connectTimeoutMs', options.connectTimeoutMs ?? 10_000),
    firstTokenTimeoutMs: checkTimeout('firstTokenTimeoutMs', options.firstTokenTimeoutMs ?? 120_000),
    tokenTimeoutMs: checkTimeout('tokenTimeoutMs', options.tokenTimeoutMs ?? 60_000),
    maxRetries,
    connection,
  };
}

function checkTimeout(option: string, ms: number): number {
  return checkNumber(option, ms, { least: 1, most: MAX_DELAY_MS, integer: true });
}

function checkHeaders(headers: Readonly<Record<string, string>>): void {
  if (typeof headers !== 'object' || (headers as unknown) === null || Array.isArray(headers)) {
    throw new OptionError('extraHeaders', 'an object', headers);
  }
  for (const [name, value] of Object.entries(headers)) {
    const option = `extraHeaders.${name}`;
    if (!/^[!#$%&'*+.^_`|~\w-]+$/.test(name))
      throw new OptionError(option, 'named as HTTP headers are', 'another name');
    if (OWN_HEADERS.test(name)) throw new OptionError(option, 'absent: the provider sets it', 'a value');
    // The value stays out of the message: it may be a secret.
    if (typeof value !== 'string' || !/^[\x20-\x7e\t]*$/.test(value)) {
      throw new OptionError(
        option,
        'text of printable ASCII characters',
        typeof value === 'string' ? 'other text' : value,
      );
    }
  }
}

function acceptsOf(
  accepts: readonly LlmAttachmentType[] | undefined,
  connection: ResolvedOptions['connection'],
): readonly LlmAttachmentType[] {
  if (accepts === undefined) {
    const isOpenAi = 'baseUrl' in connection && new URL(connection.baseUrl).hostname === 'api.openai.com';
    return isOpenAi ? ATTACHMENT_TYPES : [];
  }
  const list: unknown = accepts;
  const isKnown = (type: unknown): type is LlmAttachmentType => ATTACHMENT_TYPES.some((known) => known === type);
  if (!Array.isArray(list) || !list.every(isKnown))
    throw new OptionError('accepts', 'a list of "image" and "file"', list);
  return [...list];
}

function connectionOf(options: OpenAiProviderOptions): ResolvedOptions['connection'] {
  const { client, apiKey: givenKey, baseUrl, organization, proxy } = options;
  if (client !== undefined) {
    if (!isClient(client)) {
      throw new OptionError('client', 'a client of the openai package', client);
    }
    for (const name of ['apiKey', 'baseUrl', 'organization', 'proxy'] as const) {
      // The value stays out of the message: it may be the key.
      if (options[name] !== undefined) throw new OptionError(name, 'absent where "client" is given', 'a value');
    }
    return { client };
  }
  // Files and secret stores end a key with a line end.
  const apiKey = typeof givenKey === 'string' ? givenKey.trim() : givenKey;
  if (typeof apiKey !== 'string' || apiKey === '') {
    throw new OptionError('apiKey', 'a key, unless "client" is given', apiKey);
  }
  if (!/^[\x21-\x7e]+$/.test(apiKey)) {
    throw new OptionError('apiKey', 'of printable ASCII characters without spaces', 'one with others');
  }
  if (organization !== undefined && !(typeof organization === 'string' && /^[\x21-\x7e]+$/.test(organization))) {
    throw new OptionError('organization', 'of printable ASCII characters without spaces', organization);
  }
  checkProxy(proxy);
  return { apiKey, baseUrl: checkBaseUrl(baseUrl ?? DEFAULT_BASE_URL), organization, proxy };
}

function checkProxy(proxy: string | undefined): void {
  if (proxy === undefined || proxy === 'environment') return;
  // It may hold a password, so it stays out of the message.
  const isUrl = typeof proxy === 'string' && URL.canParse(proxy) && /^https?:$/.test(new URL(proxy).protocol);
  if (!isUrl)
    throw new OptionError(
      'proxy',
      '"environment" or an http or https URL',
      typeof proxy === 'string' ? 'other text' : proxy,
    );
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
