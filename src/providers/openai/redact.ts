/** Things that look like a key, and credentials inside URLs. */
const LOOKS_SECRET = /\b(?:sk|pk|key|gsk|xai)-[A-Za-z0-9_*-]{6,}|\bBearer\s+\S+|(?<=:\/\/)[^/\s@]+@/gi;

/** What of an error is kept besides its text. */
const KEPT = ['code', 'status', 'type', 'param', 'requestID', 'syscall', 'errno'] as const;
const MAX_DEPTH = 4;

/**
 * A copy of an error for the log. Holds neither the key nor anything that looks like one, and of response body and
 * headers only what the message quotes.
 * @param key - the key in use, where it is known
 */
export function redactError(error: unknown, key: string | undefined, depth = 0): Error {
  const clean = (text: string): string => {
    const known = key === undefined || key.length < 4 ? text : text.replaceAll(key, '[redacted]');
    return known.replace(LOOKS_SECRET, '[redacted]');
  };
  if (!(error instanceof Error)) return new Error(clean(typeof error === 'string' ? error : 'not an Error'));
  const copy = new Error(clean(error.message));
  // The classes of the openai package name themselves only through their constructor.
  copy.name = error.name === 'Error' ? error.constructor.name : error.name;
  if (error.stack !== undefined) copy.stack = clean(error.stack);
  for (const field of KEPT) {
    const value = (error as unknown as Record<string, unknown>)[field];
    if (typeof value === 'string') Object.assign(copy, { [field]: clean(value) });
    else if (typeof value === 'number') Object.assign(copy, { [field]: value });
  }
  if (error.cause !== undefined && depth < MAX_DEPTH) copy.cause = redactError(error.cause, key, depth + 1);
  return copy;
}
