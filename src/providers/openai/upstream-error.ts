/** The error that a model server reports, in whatever form. */
export interface UpstreamError {
  /** The HTTP status, or the number in the body that replaces it. */
  readonly status: number | undefined;
  /** All codes and types in the error, in lower case. */
  readonly codes: readonly string[];
  /** The server's message, shortened but not redacted: it may quote the key or the question. */
  readonly message: string;
}

/** Fields that hold a message: of OpenAI, FastAPI, MiniMax, OAuth, RFC 9457 and various gateways. */
const WORDS = ['message', 'msg', 'error_msg', 'errorMsg', 'status_msg', 'error_description', 'detail', 'title', 'text'];
/** Fields that hold a code. */
const CODES = ['code', 'type', 'status', 'error_code', 'errorCode', 'status_code', 'statusCode', 'http_code'];
/** Fields that hold another error: `raw` is the error of the server behind a gateway. */
const INSIDE = ['error', 'errors', 'base_resp', 'metadata', 'raw', 'innererror'];

const MAX_DEPTH = 6;
const MAX_ELEMENTS = 8;
const MAX_LENGTH = 2_000;
/** Maximum length of JSON inside a string that is parsed. */
const MAX_NESTED_JSON = 64 * 1024;

/**
 * Reads the error in anything a server sent: parsed JSON, JSON as text, or other text.
 * @param status - the HTTP status, if the response has an error status
 */
export function readUpstreamError(sent: unknown, status?: number): UpstreamError {
  const found: Found = { words: [], codes: [] };
  gather(sent, found, 0);
  const words = found.words.filter((word, at) => found.words.indexOf(word) === at).join('; ');
  return {
    status: status ?? found.codes.map(Number).find((code) => Number.isInteger(code) && code >= 400 && code < 600),
    codes: found.codes,
    message: words.slice(0, MAX_LENGTH),
  };
}

/**
 * Whether an object in place of a piece of an answer is an error. These are not errors: `error: null`, a `base_resp` of
 * a success, codes and messages beside an answer.
 */
export function isUpstreamError(sent: unknown): boolean {
  if (Array.isArray(sent)) return sent.length > 0 && isUpstreamError(sent[0]);
  if (typeof sent !== 'object' || sent === null) return false;
  const {
    error,
    errors,
    detail,
    base_resp: base,
    error_code: errorCode,
    object,
    type,
    choices,
    message,
    msg,
    code,
  } = fields(sent);
  if (isSaid(error) || isFailure(fields(base).status_code) || isFailure(errorCode)) return true;
  if (Array.isArray(choices) && choices.length > 0) return isSaid(fields((choices as unknown[])[0]).error);
  if (object === 'error' || type === 'error' || isSaid(errors) || isSaid(detail)) return true;
  return choices === undefined && isText(message ?? msg) && (code === undefined || isFailure(code));
}

interface Found {
  readonly words: string[];
  readonly codes: string[];
}

function gather(value: unknown, found: Found, depth: number): void {
  if (depth > MAX_DEPTH || found.words.length >= MAX_ELEMENTS) return;
  if (typeof value === 'string') {
    const nested = parsed(value);
    if (nested === undefined) addWords(value, found);
    else gather(nested, found, depth + 1);
  } else if (Array.isArray(value)) {
    for (const element of value.slice(0, MAX_ELEMENTS)) gather(element, found, depth + 1);
  } else if (typeof value === 'object' && value !== null) {
    const inside = fields(value);
    for (const name of CODES) addCode(inside[name], found);
    // Names of the fields that a schema refused. Their values, often the question, are not read.
    if (Array.isArray(inside.loc)) addWords(inside.loc.join('.'), found);
    for (const name of WORDS) gather(inside[name], found, depth + 1);
    for (const name of INSIDE) gather(inside[name], found, depth + 1);
    const choice: unknown = Array.isArray(inside.choices) ? inside.choices[0] : undefined;
    if (isSaid(fields(choice).error)) gather(fields(choice).error, found, depth + 1);
  }
}

function addCode(code: unknown, { codes }: Found): void {
  if (typeof code === 'number' || (isText(code) && code.length <= 100)) codes.push(String(code).toLowerCase());
}

function addWords(text: string, { words }: Found): void {
  // The title says the most about an HTML page.
  const title = /<title[^>]*>([^<]*)<\/title>/i.exec(text.slice(0, MAX_LENGTH))?.[1];
  const plain = (title ?? text.slice(0, 2 * MAX_LENGTH).replace(/<[^>]*>/g, ' ')).replace(/\s+/g, ' ').trim();
  if (plain !== '') words.push(plain.slice(0, MAX_LENGTH));
}

function parsed(text: string): unknown {
  if (text.length > MAX_NESTED_JSON || !/^\s*[{[]/.test(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Any object. The fields that are read have names. */
interface Fields {
  readonly [name: string]: unknown;
  readonly error?: unknown;
  readonly status_code?: unknown;
  readonly loc?: unknown;
  readonly choices?: unknown;
}

function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function isSaid(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0;
  return value !== undefined && value !== null && value !== '' && value !== false;
}

/** Whether a code means a failure; several servers send a code with every answer. */
function isFailure(code: unknown): boolean {
  return isSaid(code) && !/^(?:0|200|ok|success)$/i.test(String(code));
}
