import { at, resolve, type Schema } from './schema.js';

/** A message a client may send. */
interface MessageSpec {
  readonly type: string;
  readonly description: string;
  readonly schema: Schema;
  /** A message of this type, filled in. */
  readonly example: Readonly<Record<string, unknown>>;
}

/** A tool of this server. */
interface ToolSpec {
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
  const messages = Object.entries(record(at(document, 'components', 'messages')))
    .filter(([, message]) => at(message, 'x-direction') === 'client')
    .map(([name, message]) => {
      const payload = record(resolve(document, at(message, 'payload')));
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
  const tools = resolve(document, at(document, 'x-tools'));
  const [channel] = Object.values(record(at(document, 'channels')));
  return {
    messages,
    tools: Array.isArray(tools) ? tools.filter((tool): tool is ToolSpec => typeof at(tool, 'name') === 'string') : [],
    path: text(at(channel, 'address')),
  };
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
