import type { LlmAttachmentType } from '../../store/conversation-store.js';
import { MAX_DELAY_MS } from '../../runtime/check-number.js';
import { OptionError } from '../../runtime/option-error.js';
import { checkOptions, type Checked, type OptionTable } from '../../runtime/option-table.js';
import { anObject, integer, list, must, number, secret, text, type Rule } from '../../runtime/rule.js';

/**
 * A client of the `openai` package, version 6 or 7. Describes only what is used of the client, so that the embedder's
 * own copy of either version fits.
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
  /** The model that answers, unless a request names one. It is one that the server at `baseUrl` offers. */
  model: string;
  /**
   * Key of the model provider. Sent as bearer token; servers without keys take any text.
   * @default none; required unless `client` is given
   */
  apiKey?: string | undefined;
  /**
   * The API, up to and including the version: any server compatible with Chat Completions. `http://127.0.0.1:11434/v1` is a local
   * Ollama. A `/chat/completions` at its end is left out.
   * @default 'https://api.openai.com/v1'
   */
  baseUrl?: string | undefined;
  /**
   * Sampling temperature, 0 to 2. A request may name another.
   * @default that of the model
   */
  temperature?: number | undefined;
  /**
   * The organization that pays. Sent as `OpenAI-Organization`.
   * @default none
   */
  organization?: string | undefined;
  /**
   * Further fields of every request: `{"reasoning_effort":"low"}`. As the API names them;
   * they cannot replace the fields this provider sets itself.
   * @default none
   */
  extraBody?: Readonly<Record<string, unknown>> | undefined;
  /**
   * Further headers of every request: `{"api-key":"…"}`. Their values are
   * kept out of logs as the key is.
   * @default none
   */
  extraHeaders?: Readonly<Record<string, string>> | undefined;
  /**
   * Kinds of attachments that the model takes: `image`, `file`. Images are sent as `image_url`, other files as `file`, and
   * files of text as text.
   * @default image,file for api.openai.com, otherwise none
   */
  accepts?: readonly LlmAttachmentType[] | undefined;
  /**
   * The HTTP proxy of the requests: a URL, or `environment`. `'environment'` reads `HTTPS_PROXY`, `HTTP_PROXY` and
   * `NO_PROXY`, in upper or lower case, at the first request, and asks a server at `localhost`, 127.0.0.1 or `[::1]` without
   * a proxy; otherwise this provider ignores the environment.
   * @default no proxy
   */
  proxy?: string | undefined;
  /**
   * A client of your own. It then decides on key, base URL, organization, proxy and transport. Its `fetch` is not
   * replaced: with Node's own `fetch` the first token comes about three times later.
   * @default one is made from the other options
   */
  client?: OpenAiClientLike | undefined;
  /**
   * How long the TCP and TLS connection of one attempt may take. In milliseconds; then the attempt counts as failed.
   * @default 10000
   */
  connectTimeoutMs?: number | undefined;
  /**
   * How long the model may take to begin its answer. In milliseconds, from the call to the first text, reasoning or
   * tool call, including all attempts and the waits between them. Anything that arrives before, such as a comment that
   * keeps the connection alive, restarts the time. If the time is over: `provider_timeout`.
   * @default 120000
   */
  firstTokenTimeoutMs?: number | undefined;
  /**
   * How long the model may be silent within its answer. In milliseconds. The time runs only while a reader waits for
   * more. If the time is over: `provider_timeout`.
   * @default 60000
   */
  tokenTimeoutMs?: number | undefined;
  /**
   * Attempts after the first one, before any output. On 408, 409, 429, 500 and above, on connection errors, and on a
   * stream that breaks or reports a temporary error before it says anything.
   * They wait as long as the server's `Retry-After` says, at most a minute, otherwise 0.5 s, 1 s, 2 s … at most 8 s, less
   * up to 25 % of jitter.
   * @default 2
   */
  maxRetries?: number | undefined;
}

/** Headers that the provider sets itself. */
const OWN_HEADERS =
  /^(?:authorization|content-type|content-length|host|connection|transfer-encoding|accept|accept-encoding|openai-organization)$/i;

const headers: Rule = {
  sentence: anObject.sentence,
  read(option, value) {
    const values = anObject.read(option, value) as Readonly<Record<string, unknown>>;
    for (const [name, header] of Object.entries(values)) {
      const one = `${option}.${name}`;
      if (!/^[!#$%&'*+.^_`|~\w-]+$/.test(name)) throw new OptionError(one, 'named as HTTP headers are', 'another name');
      if (OWN_HEADERS.test(name)) throw new OptionError(one, 'absent: the provider sets it', 'a value');
      headerValue.read(one, header);
    }
    return values;
  },
};

const headerValue = secret('text of printable ASCII characters', (header) => /^[\x20-\x7e\t]*$/.test(header));

const apiKey: Rule<string> = {
  sentence: 'a key of printable ASCII characters without spaces',
  read(option, value) {
    // Keys from files and secret stores end with a line break.
    const key = typeof value === 'string' ? value.trim() : value;
    if (key === '') throw new OptionError(option, apiKey.sentence, value);
    return secret(apiKey.sentence, (given) => /^[\x21-\x7e]+$/.test(given)).read(option, key) as string;
  },
};

const baseUrl: Rule<string> = {
  sentence: 'an http or https URL without credentials, query and fragment',
  read(option, value) {
    const refuse = (received: unknown): never => {
      throw new OptionError(option, baseUrl.sentence, received);
    };
    if (typeof value !== 'string') return refuse(value);
    // A URL that cannot be parsed may still hold a password.
    if (!URL.canParse(value)) return refuse(value.includes('@') ? 'text with "@"' : value);
    const url = new URL(value);
    if (url.username !== '' || url.password !== '') return refuse('a URL with credentials');
    const isPlain = /^https?:$/.test(url.protocol) && url.search === '' && url.hash === '';
    // The address of the endpoint itself, as documentation shows it.
    return isPlain
      ? url.href.replace(/\/+$/, '').replace(/\/chat\/completions$/, '')
      : refuse(`${url.protocol}//${url.host}${url.pathname}`);
  },
};

const DEFAULT_BASE_URL = 'https://api.openai.com/v1';
const ATTACHMENT_TYPES: readonly LlmAttachmentType[] = ['image', 'file'];

const timeout = number({ least: 1, most: MAX_DELAY_MS, integer: true }, 'ms');

export const OPENAI_PROVIDER_OPTIONS = {
  model: {
    text: 'The model that answers, unless a request names one.',
    rule: text('the name of a model', (name) => name.trim() !== ''),
    required: true,
  },
  apiKey: {
    text: 'Key of the model provider.',
    rule: apiKey,
    defaultText: 'none; required unless `client` is given',
  },
  baseUrl: {
    text: 'The API, up to and including the version: any server compatible with Chat Completions.',
    rule: baseUrl,
    default: DEFAULT_BASE_URL,
  },
  temperature: {
    text: 'Sampling temperature, 0 to 2.',
    rule: number({ least: 0, most: 2 }),
    defaultText: 'that of the model',
  },
  organization: {
    text: 'The organization that pays.',
    rule: text('of printable ASCII characters without spaces', (name) => /^[\x21-\x7e]+$/.test(name)),
    defaultText: 'none',
  },
  extraBody: {
    text: 'Further fields of every request: `{"reasoning_effort":"low"}`.',
    rule: anObject,
    default: {},
    defaultText: 'none',
  },
  extraHeaders: {
    text: 'Further headers of every request: `{"api-key":"…"}`.',
    rule: headers,
    default: {},
    defaultText: 'none',
  },
  accepts: {
    text: 'Kinds of attachments that the model takes: `image`, `file`.',
    rule: list<LlmAttachmentType>('"image" and "file"', (entry) => ATTACHMENT_TYPES.some((type) => type === entry)),
    defaultText: 'image,file for api.openai.com, otherwise none',
  },
  proxy: {
    text: 'The HTTP proxy of the requests: a URL, or `environment`.',
    // The URL may hold a password.
    rule: secret(
      '"environment" or an http or https URL',
      (proxy) => proxy === 'environment' || (URL.canParse(proxy) && /^https?:$/.test(new URL(proxy).protocol)),
    ),
    defaultText: 'no proxy',
  },
  client: {
    text: 'A client of your own.',
    rule: must('a client of the openai package', isClient),
    defaultText: 'one is made from the other options',
  },
  connectTimeoutMs: {
    text: 'How long the TCP and TLS connection of one attempt may take.',
    rule: timeout,
    default: 10_000,
  },
  firstTokenTimeoutMs: {
    text: 'How long the model may take to begin its answer.',
    rule: timeout,
    default: 120_000,
  },
  tokenTimeoutMs: { text: 'How long the model may be silent within its answer.', rule: timeout, default: 60_000 },
  maxRetries: { text: 'Attempts after the first one, before any output.', rule: integer(0, 10), default: 2 },
} as const satisfies OptionTable<OpenAiProviderOptions>;

type CheckedOptions = Checked<OpenAiProviderOptions, typeof OPENAI_PROVIDER_OPTIONS>;

/** The options with their defaults. */
export interface ResolvedOptions extends Omit<
  CheckedOptions,
  'apiKey' | 'baseUrl' | 'organization' | 'proxy' | 'client' | 'accepts'
> {
  readonly accepts: readonly LlmAttachmentType[];
  readonly connection: OpenAiConnection | { readonly client: OpenAiClientLike };
}

/** What a client of this provider is made from. */
export type OpenAiConnection = Pick<CheckedOptions, 'baseUrl' | 'organization' | 'proxy'> & { readonly apiKey: string };

/** Checks the options and fills in the defaults. */
export function resolveOptions(options: OpenAiProviderOptions): ResolvedOptions {
  const { apiKey, baseUrl, organization, proxy, client, accepts, ...rest } = checkOptions(
    options,
    OPENAI_PROVIDER_OPTIONS,
  );
  if (client !== undefined) {
    for (const name of ['apiKey', 'baseUrl', 'organization', 'proxy'] as const) {
      // The value stays out of the message: it may be the key.
      if (options[name] !== undefined) throw new OptionError(name, 'absent if "client" is given', 'a value');
    }
    return { ...rest, accepts: accepts ?? [], connection: { client } };
  }
  if (apiKey === undefined) throw new OptionError('apiKey', 'a key, unless "client" is given', apiKey);
  const isOpenAi = new URL(baseUrl).hostname === 'api.openai.com';
  return {
    ...rest,
    accepts: accepts ?? (isOpenAi ? ATTACHMENT_TYPES : []),
    connection: { apiKey, baseUrl, organization, proxy },
  };
}

function isClient(value: unknown): boolean {
  const { chat } = (value ?? {}) as { readonly chat?: { readonly completions?: { readonly create?: unknown } } };
  return typeof chat?.completions?.create === 'function';
}
