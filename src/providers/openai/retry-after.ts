interface ReadableHeaders {
  get(name: string): string | null;
}

/**
 * Whole milliseconds a response asks to wait before another try: `retry-after-ms`, or `retry-after` as seconds or date.
 * `undefined` where it asks for none, or for what no integer holds.
 */
export function retryAfterOf(headers: ReadableHeaders): number | undefined {
  const ms = Math.ceil(Math.max(0, waitOf(headers)));
  return Number.isSafeInteger(ms) ? ms : undefined;
}

/** As the headers have it; `NaN` where they have nothing that can be read. */
function waitOf(headers: ReadableHeaders): number {
  const ms = Number.parseFloat(headers.get('retry-after-ms') ?? '');
  if (ms >= 0) return ms;
  const after = headers.get('retry-after') ?? '';
  const seconds = Number.parseFloat(after);
  return Number.isNaN(seconds) ? Date.parse(after) - Date.now() : seconds * 1000;
}
