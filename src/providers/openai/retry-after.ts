interface ReadableHeaders {
  get(name: string): string | null;
}

/**
 * The wait before a retry that a response asks for, in whole milliseconds: `retry-after-ms`, or `retry-after` as
 * seconds or date. `undefined` if there is none, or if it exceeds what an integer holds.
 */
export function retryAfterOf(headers: ReadableHeaders): number | undefined {
  const ms = Math.ceil(Math.max(0, waitOf(headers)));
  return Number.isSafeInteger(ms) ? ms : undefined;
}

/** The wait as the headers give it; `NaN` if there is none that can be read. */
function waitOf(headers: ReadableHeaders): number {
  const ms = Number.parseFloat(headers.get('retry-after-ms') ?? '');
  if (ms >= 0) return ms;
  const after = headers.get('retry-after') ?? '';
  const seconds = Number.parseFloat(after);
  return Number.isNaN(seconds) ? Date.parse(after) - Date.now() : seconds * 1000;
}
