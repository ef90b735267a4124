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

const UNITS: Readonly<Record<string, number>> = { ms: 1, milli: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** The wait that an error asks for in words, in whole milliseconds: `try again in 1m12.5s`, `retry after 20 seconds`. */
export function waitInWords(message: string): number | undefined {
  const wait = /(?:retry|again) (?:in|after)((?: ?\d{1,6}(?:\.\d+)? ?[a-z]+)+)/i.exec(message)?.[1] ?? '';
  let ms: number | undefined;
  for (const [, count, name = ''] of wait.matchAll(/(\d+(?:\.\d+)?) ?(ms|milli|s|m(?!o)|h)/gi)) {
    ms = (ms ?? 0) + Math.ceil(Number(count) * (UNITS[name.toLowerCase()] ?? 0));
  }
  return ms;
}
