import { createHash, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { PRINCIPAL_ID, isPrincipalId, type Principal } from '../connection/principal.js';
import { OptionError } from '../runtime/option-error.js';
import { checkOptions, type OptionTable } from '../runtime/option-table.js';
import { must, text } from '../runtime/rule.js';
import { textOf } from '../runtime/text-of.js';
import { tokenOf } from './token-of.js';

/** One static token, known only by its hash. */
export interface StaticToken {
  /** The SHA-256 of the token in hexadecimal: `printf %s "$TOKEN" | sha256sum`. */
  readonly sha256: string;
  /** The id of its principal. Several tokens may have the same. */
  readonly id: string;
  /**
   * What the principal may do, `['*']` for everything; see `permissions`.
   * @default none, with which the principal may do nothing
   */
  readonly scopes?: readonly string[] | undefined;
  /**
   * When the token ends: Unix milliseconds, or a date such as `2027-01-31T00:00:00Z`.
   * @default never
   */
  readonly expiresAt?: number | string | undefined;
}

/** What `tokenAuth` takes: `tokens`, `file` or both. */
export interface TokenAuthOptions {
  /**
   * The tokens. Make each of random bytes, 32 or more: a hash does not protect a word.
   * @default none
   */
  tokens?: readonly StaticToken[] | undefined;
  /**
   * Path of a JSON file with a list of tokens. Read once, when the hook is made.
   * @default none
   */
  file?: string | undefined;
}

export const TOKEN_AUTH_OPTIONS = {
  tokens: { text: 'The tokens.', rule: must('a list of tokens', Array.isArray), defaultText: 'none' },
  file: {
    text: 'Path of a JSON file with a list of tokens.',
    rule: text('the path of a file', (path) => path !== ''),
    defaultText: 'none',
  },
} as const satisfies OptionTable<TokenAuthOptions>;

const SHA256 = /^[0-9a-f]{64}$/i;

interface Entry {
  readonly hash: Buffer;
  readonly principal: Principal;
}

/**
 * Makes an `authenticate` hook for tokens that do not change, such as those of other services.
 * @returns a hook that gives `null` if the request has no token, or an unknown or ended one
 * @throws OptionError if an option or an entry breaks its rule, two entries have the same hash, or the file cannot be
 * read
 */
export function tokenAuth(options: TokenAuthOptions): (request: IncomingMessage) => Principal | null {
  const { tokens = [], file } = checkOptions(options, TOKEN_AUTH_OPTIONS);
  const inFile = file === undefined ? [] : readTokens(file);
  const entries = [
    ...tokens.map((token, index) => readEntry(`tokens[${index}]`, token)),
    ...inFile.map((token, index) => readEntry(`file[${index}]`, token)),
  ];
  if (entries.length === 0) throw new OptionError('tokens', 'Option "tokens" or "file" must hold a token');
  if (new Set(entries.map(({ hash }) => hash.toString('hex'))).size < entries.length) {
    throw new OptionError('tokens', 'Two tokens have the same "sha256"');
  }
  return (request) => {
    const token = tokenOf(request);
    if (token === undefined) return null;
    const hash = createHash('sha256').update(token).digest();
    let found: Principal | null = null;
    // All entries are compared, so that the time says nothing about which of them is similar.
    for (const entry of entries) if (timingSafeEqual(entry.hash, hash)) found = entry.principal;
    return found;
  };
}

function readTokens(file: string): readonly unknown[] {
  let content: unknown;
  try {
    content = JSON.parse(textOf(readFileSync(file)));
  } catch (error) {
    // The message of a syntax error quotes the file.
    const why = error instanceof SyntaxError ? 'it is not JSON' : (error as Error).message;
    throw new OptionError('file', `Option "file" cannot be read: ${why}`);
  }
  if (!Array.isArray(content)) throw new OptionError('file', 'Option "file" must hold a list of tokens');
  return content;
}

function readEntry(option: string, given: unknown): Entry {
  const { sha256, id, scopes, expiresAt, ...others } = Object(given) as Record<string, unknown>;
  const [other] = Object.keys(others);
  if (other !== undefined)
    throw new OptionError(option, `Option "${option}" has no ${JSON.stringify(other.slice(0, 60))}`);
  // A token that was written in place of its hash must not be shown.
  if (typeof sha256 !== 'string' || !SHA256.test(sha256)) {
    const rule = 'must be the SHA-256 of the token, 64 hexadecimal digits';
    throw new OptionError(`${option}.sha256`, `Option "${option}.sha256" ${rule}`);
  }
  if (!isPrincipalId(id)) throw new OptionError(`${option}.id`, PRINCIPAL_ID, id);
  if (scopes !== undefined && !isTexts(scopes)) throw new OptionError(`${option}.scopes`, 'a list of texts', scopes);
  const endsAt = typeof expiresAt === 'string' ? Date.parse(expiresAt) : expiresAt;
  if (endsAt !== undefined && (typeof endsAt !== 'number' || !Number.isFinite(endsAt))) {
    throw new OptionError(`${option}.expiresAt`, 'Unix milliseconds or a date', expiresAt);
  }
  const principal: Principal = { id, scopes: Object.freeze([...(scopes ?? [])]), expiresAt: endsAt };
  return { hash: Buffer.from(sha256, 'hex'), principal: Object.freeze(principal) };
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === 'string');
}
