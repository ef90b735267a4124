import { resolve, type Schema } from './schema.js';

/** An object whose names the server chooses. */
export type Named<Value> = Readonly<Record<string, Value>>;
type Links = readonly { readonly $ref: string }[];

/** What the pages read of the AsyncAPI document. */
export interface AsyncApi {
  readonly info: { readonly version: string };
  readonly channels: { readonly agent: { readonly address: string } };
  readonly operations: Named<{ readonly messages: Links; readonly reply?: { readonly messages: Links } }>;
  readonly components: {
    readonly messages: Named<{
      readonly name: string;
      readonly 'x-direction': 'client' | 'server';
      readonly tags: readonly { readonly name: string }[];
      readonly payload: Schema;
      readonly examples: readonly [{ readonly payload: Named<unknown> }];
    }>;
  };
  readonly 'x-tools': readonly { readonly name: string; readonly description: string; readonly parameters: Schema }[];
}

/** What a server understands and says. */
export type Catalog = ReturnType<typeof readCatalog>;
export type MessageSpec = Catalog['messages'][number];

/** Reads a document of the server that the page comes from. */
export async function loadDocument(address: string | URL): Promise<unknown> {
  const response = await fetch(address, { headers: { accept: 'application/json' } });
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  return response.json();
}

/** What the AsyncAPI document says. Its shape is that of `src/http`, which comes from the same build. */
export function readCatalog(document: AsyncApi) {
  const idsOf = (links: Links = []) => links.map(({ $ref }) => $ref.slice($ref.lastIndexOf('/') + 1));
  const answered = Object.values(document.operations).filter(({ reply }) => reply !== undefined);
  return {
    version: document.info.version,
    path: document.channels.agent.address,
    messages: Object.entries(document.components.messages).map(([id, message]) => ({
      id,
      type: message.name,
      from: message['x-direction'],
      tags: message.tags.map(({ name }) => name),
      schema: resolve(document, message.payload) as Schema,
      example: message.examples[0].payload,
      /** The ids of the messages that answer it. */
      answers: idsOf(answered.find(({ messages }) => idsOf(messages).includes(id))?.reply?.messages),
    })),
    tools: document['x-tools'].map((tool) => ({ ...tool, parameters: resolve(document, tool.parameters) as Schema })),
  };
}
