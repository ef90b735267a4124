import { resolve, type Schema } from '../schema.js';

export interface Message {
  readonly id: string;
  readonly type: string;
  readonly isFromClient: boolean;
  readonly tags: readonly string[];
  readonly schema: Schema;
  readonly example: unknown;
  /** The ids of the messages that answer it. */
  readonly answers: readonly string[];
}

export interface Tool {
  readonly name: string;
  readonly description: string;
  readonly parameters: Schema;
}

export interface HttpRoute {
  readonly path: string;
  readonly summary: { readonly en: string; readonly zh: string };
  readonly answers: readonly { readonly status: string; readonly meaning: string }[];
}

/** What the documents of a server say. */
export interface Reference {
  readonly version: string;
  readonly path: string;
  readonly messages: readonly Message[];
  readonly tools: readonly Tool[];
  readonly routes: readonly HttpRoute[];
}

interface AsyncApi {
  readonly info: { readonly version: string };
  readonly channels: { readonly agent: { readonly address: string } };
  readonly operations: Readonly<Record<string, Operation>>;
  readonly components: { readonly messages: Readonly<Record<string, AsyncMessage>> };
  readonly 'x-tools': readonly Tool[];
}
interface Reference$ {
  readonly $ref: string;
}
interface Operation {
  readonly messages: readonly Reference$[];
  readonly reply?: { readonly messages: readonly Reference$[] };
}
interface AsyncMessage {
  readonly name: string;
  readonly 'x-direction': 'client' | 'server';
  readonly tags: readonly { readonly name: string }[];
  readonly payload: Schema;
  readonly examples: readonly { readonly payload: unknown }[];
}
interface OpenApi {
  readonly paths: Readonly<
    Record<
      string,
      {
        readonly get: {
          readonly summary: string;
          readonly 'x-summary-zh': string;
          readonly responses: Readonly<Record<string, { readonly description: string }>>;
        };
      }
    >
  >;
}

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
export function readReference(asyncApi: AsyncApi, openApi: OpenApi): Reference {
  const operations = Object.values(asyncApi.operations);
  const idOf = ({ $ref }: Reference$): string => $ref.slice($ref.lastIndexOf('/') + 1);
  return {
    version: asyncApi.info.version,
    path: asyncApi.channels.agent.address,
    messages: Object.entries(asyncApi.components.messages).map(([id, message]) => {
      const reply = operations.find(
        ({ messages, reply }) => reply !== undefined && messages.some((each) => idOf(each) === id),
      );
      return {
        id,
        type: message.name,
        isFromClient: message['x-direction'] === 'client',
        tags: message.tags.map(({ name }) => name),
        schema: resolve(asyncApi, message.payload) as Schema,
        example: message.examples[0]?.payload,
        answers: reply?.reply?.messages.map(idOf) ?? [],
      };
    }),
    tools: asyncApi['x-tools'].map((tool) => ({ ...tool, parameters: resolve(asyncApi, tool.parameters) as Schema })),
    routes: Object.entries(openApi.paths).map(([path, { get }]) => ({
      path,
      summary: { en: get.summary, zh: get['x-summary-zh'] },
      answers: Object.entries(get.responses).map(([status, { description }]) => ({ status, meaning: description })),
    })),
  };
}

/** A field of a message, or of an object inside it. */
export interface Field {
  /** Dotted; `[]` for the elements of an array. */
  readonly path: string;
  readonly schema: Schema;
  readonly isRequired: boolean;
}

/** The fields of an object, nested ones after the field that holds them. */
export function fieldsOf(schema: Schema, prefix = ''): Field[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const path = prefix + name;
    const isRequired = schema.required?.includes(name) ?? false;
    return [
      { path, schema: field, isRequired },
      ...fieldsOf(field, `${path}.`),
      ...fieldsOf(field.items ?? {}, `${path}[].`),
    ];
  });
}
