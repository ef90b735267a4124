import { Ajv } from 'ajv';
import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { asyncApi } from '../../src/http/asyncapi.js';
import { documentedMessages } from '../../src/http/message-schemas.js';
import { clientMessages } from '../../src/protocol/client-messages.js';
import { serverMessages } from '../../src/protocol/server-messages.js';
import { planter, quietState } from '../unit/http/state.js';

interface Reference {
  readonly $ref: string;
}

interface Operation {
  readonly action: string;
  readonly summary?: string;
  readonly channel: Reference;
  readonly messages: readonly Reference[];
  readonly reply?: { readonly channel: Reference; readonly messages: readonly Reference[] };
}

interface Message {
  readonly name: string;
  readonly payload: object;
  readonly examples: readonly { readonly payload: unknown }[];
  readonly 'x-direction': string;
}

/** What the tests read of a document. */
interface AsyncApiDocument {
  readonly servers: Readonly<Record<string, { readonly host: string; readonly variables: object }>>;
  readonly channels: Readonly<Record<string, { readonly address: string; readonly messages: object }>>;
  readonly operations: Readonly<Record<string, Operation>>;
  readonly 'x-tools': readonly unknown[];
  readonly components: { readonly messages: Readonly<Record<string, Message>>; readonly schemas: object };
}

const require = createRequire(import.meta.url);
const state = quietState();
/** As it is served. */
const document = JSON.parse(JSON.stringify(asyncApi(state))) as AsyncApiDocument;
const operations = Object.values(document.operations);

/** The official schema of a document, which does not look behind references. */
const isAsyncApi = new Ajv({ strict: false, validateFormats: false, allErrors: true }).compile(
  require('@asyncapi/specs/schemas/3.0.0-without-$id.json') as object,
);

/** What the official schema holds against a document. */
function errorsOf(value: unknown): unknown[] {
  isAsyncApi(value);
  return isAsyncApi.errors ?? [];
}

/** The references in a document. */
function* referencesIn(value: unknown): Generator<string> {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, field] of Object.entries(value) as [string, unknown][]) {
    if (key === '$ref' && typeof field === 'string') yield field;
    else yield* referencesIn(field);
  }
}

/** What a reference means in a document, or undefined. */
function meant(root: object, reference: string): unknown {
  const [before, ...steps] = reference.split('/');
  let value: unknown = before === '#' ? root : undefined;
  for (const step of steps) {
    value = (value as Readonly<Record<string, unknown>> | undefined)?.[
      step.replaceAll('~1', '/').replaceAll('~0', '~')
    ];
  }
  return value;
}

/** The references in a document that lead nowhere. */
function danglingIn(root: object): string[] {
  return [...referencesIn(root)].filter((reference) => meant(root, reference) === undefined);
}

/** The message that a message of an operation is, by way of its channel. */
function messageOf({ $ref }: Reference): Message {
  const { $ref: component } = meant(document, $ref) as Reference;
  return meant(document, component) as Message;
}

describe('the AsyncAPI document', () => {
  it('is valid by the official schema', () => {
    expect(errorsOf(document)).toEqual([]);
  });

  it.each([
    ['an operation of another action', { operations: { ...document.operations, send: { action: 'write' } } }],
    ['a message whose payload is no schema', { components: { messages: { pong: { payload: { type: 'text' } } } } }],
    ['a server without a host', { servers: { here: { protocol: 'ws' } } }],
    ['another version', { asyncapi: '2.6.0' }],
    ['an unknown field', { topics: {} }],
  ])('is judged by a schema that refuses %s', (_what, broken) => {
    expect(errorsOf({ ...document, ...broken })).not.toEqual([]);
  });

  it('has no dangling reference, with tools whose schemas hold references', () => {
    expect(JSON.stringify(planter.parameters)).toContain('"$ref":"#/');
    expect(danglingIn(document)).toEqual([]);
    const { channels: _, ...broken } = document;
    expect(danglingIn(broken)).toContain('#/channels/agent');
    expect(danglingIn({ ...document, 'x-tools': state.tools() })).not.toEqual([]);
  });

  it('has operations with messages of their own channels', () => {
    const parts = operations.flatMap(({ reply, ...operation }) => (reply ? [operation, reply] : [operation]));
    expect(parts.length).toBeGreaterThan(operations.length);
    for (const { channel, messages } of parts) {
      for (const { $ref } of messages) expect($ref.startsWith(`${channel.$ref}/messages/`), $ref).toBe(true);
    }
  });

  it('has examples that fit the payloads, through the schemas that messages share', () => {
    const ajv = new Ajv({ strict: false, validateFormats: false }).addSchema(document, 'document');
    for (const [id, { examples }] of Object.entries(document.components.messages)) {
      const validate = ajv.compile({ $ref: `document#/components/messages/${id}/payload` });
      expect(examples).toHaveLength(1);
      for (const { payload } of examples) expect(validate(payload), JSON.stringify(validate.errors)).toBe(true);
    }
  });

  it('explains each variable in the address of a server', () => {
    for (const { host, variables } of Object.values(document.servers)) {
      expect([...host.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)).toEqual(Object.keys(variables));
    }
  });

  it('is the same with another path and without tools, but for these', () => {
    const other = asyncApi(quietState({ path: '/chat/a-b', tools: () => [] }));
    const expected = JSON.stringify({ ...asyncApi(state), 'x-tools': [] }).replaceAll('/ws/agent', '/chat/a-b');
    expect(other).toEqual(JSON.parse(expected));
  });

  it('holds every message, with its direction and the operation that carries it', () => {
    const carried = (direction: string) =>
      operations.filter(({ action }) => action === direction).flatMap(({ messages }) => messages.map(messageOf));
    expect(carried('receive').map(({ name }) => name)).toEqual(Object.keys(clientMessages));
    expect(carried('send').map(({ name }) => name)).toEqual(Object.keys(serverMessages));
    expect(Object.values(document.channels).map(({ address }) => address)).toEqual(['/ws/agent']);
    const directions = Object.values(document.components.messages).map((message) => message['x-direction']);
    expect(directions).toEqual([
      ...Object.keys(clientMessages).map(() => 'client'),
      ...Object.keys(serverMessages).map(() => 'server'),
    ]);
  });

  it('says what answers each message of a client, with types that messages share', () => {
    for (const { summary = '', reply } of operations.filter(({ action }) => action === 'receive')) {
      const answers = reply?.messages.map((message) => messageOf(message).name) ?? [];
      expect(answers).toContain('error');
      // The description names the same answers.
      const [, said = ''] = / (?:Answered by|: )([^:.]*)/.exec(summary) ?? [];
      for (const [, type] of said.split(', then ')[0]?.matchAll(/`(\w+)`/g) ?? []) expect(answers).toContain(type);
    }
    const { messages, schemas } = document.components;
    const references = [...JSON.stringify(messages).matchAll(/#\/components\/schemas\/(\w+)/g)];
    expect(new Set(references.map(([, name]) => name))).toEqual(new Set(Object.keys(schemas)));
  });

  it('holds the tools as the model sees them', () => {
    expect(document['x-tools']).toMatchObject([
      state.tools()[0],
      { name: 'plant', parameters: { type: 'object', required: ['forest', 'owner', 'heir'] } },
    ]);
  });
});

describe('the documented messages', () => {
  const ajv = new Ajv({ strict: false, validateFormats: false });

  it.each(documentedMessages().map((message) => [message.id, message] as const))(
    '%s fits its schemas',
    (_id, message) => {
      const validate = ajv.compile(message.schema);
      expect(validate(message.example), JSON.stringify(validate.errors)).toBe(true);
      const schemas: Readonly<Record<string, z.ZodType>> =
        message.direction === 'client' ? clientMessages : serverMessages;
      expect(schemas[message.type]?.parse(message.example)).toEqual(message.example);
      expect(validate({ ...message.example, type: 'other' })).toBe(false);
    },
  );

  it('takes unknown fields and hides the bounds of integers', () => {
    const text = JSON.stringify(documentedMessages());
    expect(text).not.toContain('"additionalProperties":false');
    expect(text).not.toContain(String(Number.MAX_SAFE_INTEGER));
    expect(text).not.toContain('$schema');
  });
});
