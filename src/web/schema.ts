/** A JSON Schema, as far as the pages look into it. */
export interface Schema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly default?: unknown;
  readonly format?: string;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
}

/** Levels of a schema that are shown: the schema of a tool may contain itself. */
const MAX_DEPTH = 12;

/** A part of a document, with local references replaced by what they point at. */
export function resolve(document: unknown, node: unknown, depth = 0): unknown {
  if (typeof node !== 'object' || node === null || depth > MAX_DEPTH) return node;
  if (Array.isArray(node)) return node.map((item) => resolve(document, item, depth + 1));
  const reference: unknown = at(node, '$ref');
  if (typeof reference === 'string' && reference.startsWith('#/')) {
    return resolve(document, at(document, ...keysOf(reference)), depth + 1);
  }
  return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, resolve(document, value, depth + 1)]));
}

/** The value at a path; `undefined` if there is none. */
export function at(value: unknown, ...keys: readonly string[]): unknown {
  let current = value;
  for (const key of keys) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, key)) return undefined;
    current = (current as Record<string, unknown>)[key];
  }
  return current;
}

/** The keys of a JSON pointer in a URL fragment (RFC 6901, section 6). */
function keysOf(reference: string): string[] {
  const keys = reference.slice(2).split('/');
  return keys.map((key) => unescaped(key).replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** A text that is not percent-encoded stays as it is. */
function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
