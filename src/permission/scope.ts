/** Maximum length of a scope, in UTF-16 units. */
const MAX_LENGTH = 1_024;

/** A run of characters between separators and wildcards: `%` begins the escape of a byte. */
const PIECE = /^(?:[^\s\p{Cc}%]|%[\dA-Fa-f]{2})*$/u;

/** One segment of a scope: a name, or what stands before and after its `*`. */
export interface Segment {
  readonly before: string;
  /** Absent if the segment has no `*`. */
  readonly after?: string | undefined;
}

/**
 * Reads a scope: segments separated by `:`, each with one `*` at most. A byte of UTF-8 may be written as `%` and two
 * hexadecimal digits, as in a URL; `:`, `*`, `%`, white space and control characters of a name must be.
 * @returns `undefined` if the scope is malformed
 */
export function parseScope(scope: unknown): readonly Segment[] | undefined {
  if (typeof scope !== 'string' || scope.length > MAX_LENGTH) return undefined;
  const segments: Segment[] = [];
  for (const text of scope.split(':')) {
    const segment = parseSegment(text);
    if (segment === undefined) return undefined;
    segments.push(segment);
  }
  return segments;
}

function parseSegment(text: string): Segment | undefined {
  const pieces = text.split('*');
  if (text === '' || pieces.length > 2 || !pieces.every((piece) => PIECE.test(piece))) return undefined;
  try {
    const [before = '', after] = pieces.map(decodeURIComponent);
    return { before, after };
  } catch {
    // The escaped bytes are no UTF-8.
    return undefined;
  }
}

/** Whether a segment stands for any name. */
export function isAny({ before, after }: Segment): boolean {
  return before === '' && after === '';
}

/** Whether a segment stands for a name. Takes no longer than a comparison of strings. */
export function stands({ before, after }: Segment, name: string): boolean {
  if (after === undefined) return name === before;
  if (name.length < before.length + after.length) return false;
  return name.startsWith(before) && (after === '' || name.endsWith(after));
}
