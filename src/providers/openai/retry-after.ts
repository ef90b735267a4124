/** Milliseconds a response asks to wait before another try: `retry-after-ms`, or `retry-after` as seconds or date. */
export function retryAfterOf(headers: { get(name: string): string | null }): number | undefined {
  const ms = headers.get('retry-after-ms');
  if (ms !== null && Number.parseFloat(ms) >= 0) return Number.parseFloat(ms);
  const after = headers.get('retry-after');
  if (after === null) return undefined;
  const seconds = Number.parseFloat(after);
  const wait = Number.isNaN(seconds) ? Date.parse(after) - Date.now() : seconds * 1000;
  return Number.isNaN(wait) ? undefined : Math.max(0, wait);
}
