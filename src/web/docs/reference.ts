import { resolve, type Schema } from '../schema.js';

type Named<Value> = Readonly<Record<string, Value>>;
type Links = readonly { readonly $ref: string }[];

/** What the page reads of the AsyncAPI document. */
interface AsyncApi {
  readonly info: { readonly version: string };
  readonly channels: { readonly agent: { readonly address: string } };
  readonly operations: Named<{ readonly messages: Links; readonly reply?: { readonly messages: Links } }>;
  readonly components: {
    readonly messages: Named<{
      readonly name: string;
      readonly 'x-direction': 'client' | 'server';
      readonly tags: readonly { readonly name: string }[];
      readonly payload: Schema;
      readonly examples: readonly { readonly payload: unknown }[];
    }>;
  };
  readonly 'x-tools': readonly { readonly name: string; readonly description: string; readonly parameters: Schema }[];
}

/** What the page reads of the OpenAPI document. */
interface OpenApi {
  readonly paths: Named<{
    readonly get: {
      readonly summary: string;
      readonly 'x-summary-zh': string;
      readonly responses: Named<{ readonly description: string }>;
    };
  }>;
}

/** What the documents of a server say. */
export type Reference = ReturnType<typeof readReference>;
export type Message = Reference['messages'][number];

/** Reads the two documents of the server that this page comes from. */
export async function loadReference(): Promise<Reference> {
  const [asyncApi, openApi] = await Promise.all(['asyncapi', 'openapi'].map(loadDocument));
  return readReference(asyncApi as AsyncApi, openApi as OpenApi);
}

async function loadDocument(name: string): Promise<unknown> {
  const response = await fetch(`docs/${name}.json`);
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  return response.json();
}

/** What the page shows of the documents. The shapes are those of `src/http`, which come from the same build. */
export function readReference(asyncApi: AsyncApi, openApi: OpenApi) {
  const idsOf = (links: Links = []) => links.map(({ $ref }) => $ref.slice($ref.lastIndexOf('/') + 1));
  const answered = Object.values(asyncApi.operations).filter(({ reply }) => reply !== undefined);
  return {
    version: asyncApi.info.version,
    path: asyncApi.channels.agent.address,
    messages: Object.entries(asyncApi.components.messages).map(([id, message]) => ({
      id,
      type: message.name,
      from: message['x-direction'],
      tags: message.tags.map(({ name }) => name),
      schema: resolve(asyncApi, message.payload) as Schema,
      example: message.examples[0]?.payload,
      /** The ids of the messages that answer it. */
      answers: idsOf(answered.find(({ messages }) => idsOf(messages).includes(id))?.reply?.messages),
    })),
    tools: asyncApi['x-tools'].map((tool) => ({ ...tool, parameters: resolve(asyncApi, tool.parameters) as Schema })),
    routes: Object.entries(openApi.paths).map(([path, { get }]) => ({
      path,
      summary: { en: get.summary, zh: get['x-summary-zh'] },
      answers: Object.entries(get.responses).map(([status, { description }]) => ({ status, about: description })),
    })),
  };
}

/** The fields of an object, nested ones after the field that holds them. Paths are dotted, `[]` stands for elements. */
export function fieldsOf(schema: Schema, prefix = ''): { path: string; schema: Schema; isRequired: boolean }[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const path = prefix + name;
    return [
      { path, schema: field, isRequired: schema.required?.includes(name) ?? false },
      ...fieldsOf(field, `${path}.`),
      ...fieldsOf(field.items ?? {}, `${path}[].`),
    ];
  });
}
