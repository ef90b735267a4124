import type { LlmMessage } from '../../agent/llm-provider.js';
import { withoutQuotations } from './quotations.js';

/** Removes secrets and content from the text of an upstream. */
export type Redact = (text: string) => string;

/** Text that looks like a key, credentials in URLs, and data too long for a word. */
const LOOKS_SECRET =
  /\b(?:sk|pk|key|gsk|xai)-[A-Za-z0-9_*-]{6,}|\bBearer\s+\S+|(?<=:\/\/)[^/\s@]+@|[A-Za-z0-9+/=_-]{80,}/gi;

/** Shorter texts are no secrets, and would match everywhere. */
const MIN_KEY_LENGTH = 4;

/** Fields of an error that are kept besides its text. */
const KEPT = ['code', 'status', 'type', 'param', 'requestID', 'syscall', 'errno'] as const;
const MAX_DEPTH = 4;

/**
 * Makes a function that removes from an upstream's message keys, what looks like a key, and what people, tools and
 * models said, since several servers quote it in their errors.
 * @param keys - the secrets in use, if they are known
 * @param messages - the conversation the upstream was sent
 */
export function redactor(keys: readonly string[], messages: readonly LlmMessage[]): Redact {
  return (text) => {
    let clean = text;
    for (const key of keys) if (key.length >= MIN_KEY_LENGTH) clean = clean.replaceAll(key, '[redacted]');
    return withoutQuotations(clean.replace(LOOKS_SECRET, '[redacted]'), messages);
  };
}

/** A copy of an error for the log: with a redacted text, without the response's body and headers. */
export function redactError(error: unknown, redact: Redact, depth = 0): Error {
  if (!(error instanceof Error)) return new Error(redact(typeof error === 'string' ? error : 'not an Error'));
  const message = redact(error.message);
  const copy = new Error(message);
  // The classes of the openai package have their name only in the constructor.
  copy.name = error.name === 'Error' ? error.constructor.name : error.name;
  if (error.stack !== undefined) copy.stack = `${copy.name}: ${message}\n${redact(framesOf(error.stack))}`;
  for (const field of KEPT) {
    const value = (error as unknown as Record<string, unknown>)[field];
    if (typeof value === 'string') Object.assign(copy, { [field]: redact(value) });
    else if (typeof value === 'number') Object.assign(copy, { [field]: value });
  }
  if (error.cause !== undefined && depth < MAX_DEPTH) copy.cause = redactError(error.cause, redact, depth + 1);
  return copy;
}

/** The stack without the message at its beginning. */
function framesOf(stack: string): string {
  return stack
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .join('\n');
}
