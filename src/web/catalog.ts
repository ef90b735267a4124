/** A JSON Schema, as far as forms are made from it. */
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
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
}

/** A message a client may send. */
export interface MessageSpec {
  readonly type: string;
  readonly description: string;
  readonly schema: Schema;
  /** A message of this type, filled in. */
  readonly example: Readonly<Record<string, unknown>>;
}

/** A tool of this server. */
export interface ToolSpec {
  readonly name: string;
  readonly description: string;
  readonly parameters: Schema;
}

/** What this server understands, read from its own AsyncAPI document. */
export interface Catalog {
  readonly messages: readonly MessageSpec[];
  readonly tools: readonly ToolSpec[];
  /** Path of the endpoint, where the document names one. */
  readonly path: string | undefined;
}

/**
 * Fetches the AsyncAPI document and takes out what the forms need.
 * @throws Error where the document is not there or holds no client message.
 */
export async function loadCatalog(url: URL): Promise<Catalog> {
  const response = await fetch(url, { headers: { accept: 'application/json' } });
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  const catalog = readCatalog(await response.json());
  if (catalog.messages.length === 0) throw new Error('no client messages in the document');
  return catalog;
}

/** Takes the client messages, the tools and the path out of an AsyncAPI 3 document. */
export function readCatalog(document: unknown): Catalog {
  const root = resolve(document, document, 0);
  const messages = Object.entries(record(at(root, 'components', 'messages')))
    .filter(([, message]) => at(message, 'x-direction') === 'client')
    .map(([name, message]) => {
      const payload = record(at(message, 'payload'));
      const schema = (payload['schema'] ?? payload) as Schema;
      const constant = schema.properties?.['type']?.const;
      const type = typeof constant === 'string' ? constant : name;
      return {
        type,
        description: text(schema.description) ?? text(at(message, 'summary')) ?? text(at(message, 'description')) ?? '',
        schema,
        example: { type, ...record(at(message, 'examples', '0', 'payload')) },
      };
    });
  const tools = at(root, 'x-tools');
  const [channel] = Object.values(record(at(root, 'channels')));
  return {
    messages,
    tools: Array.isArray(tools) ? tools.filter((tool): tool is ToolSpec => typeof at(tool, 'name') === 'string') : [],
    path: text(at(channel, 'address')),
  };
}

/** Replaces local references by what they point at. The depth keeps a circle from going on for ever. */
function resolve(document: unknown, node: unknown, depth: number): unknown {
  if (typeof node !== 'object' || node === null || depth > 24) return node;
  if (Array.isArray(node)) return node.map((item) => resolve(document, item, depth + 1));
  const reference: unknown = at(node, '$ref');
  if (typeof reference === 'string' && reference.startsWith('#/')) {
    const keys = reference
      .slice(2)
      .split('/')
      .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
    return resolve(document, at(document, ...keys), depth + 1);
  }
  return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, resolve(document, value, depth + 1)]));
}

function at(value: unknown, ...keys: readonly string[]): unknown {
  let current = value;
  for (const key of keys) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, key)) return undefined;
    current = (current as Record<string, unknown>)[key];
  }
  return current;
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
