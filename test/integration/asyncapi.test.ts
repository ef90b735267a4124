import { Parser } from '@asyncapi/parser';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { asyncApi } from '../../src/http/asyncapi.js';
import { documentedMessages } from '../../src/http/message-schemas.js';
import { clientMessages } from '../../src/protocol/client-messages.js';
import { serverMessages } from '../../src/protocol/server-messages.js';
import { planter, quietState } from '../unit/http/state.js';

const state = quietState();

const parser = new Parser();
type Parsed = Awaited<ReturnType<Parser['parse']>>;

/** The document of {@link state}, which takes a second to parse. */
let parsed: Promise<Parsed> | undefined;
const parse = (): Promise<Parsed> => (parsed ??= parser.parse(JSON.stringify(asyncApi(state))));

/** What the official parser holds against a document. */
function errorsOf({ diagnostics }: Parsed): unknown[] {
  return diagnostics
    .filter(({ severity }: { severity: number }) => severity === 0)
    .map(({ code, message, path }) => ({ code, message, path }));
}

describe('the AsyncAPI document', () => {
  it('is valid by the official parser, with tools whose schemas hold references', async () => {
    expect(JSON.stringify(planter.parameters)).toContain('"$ref":"#/');
    expect(errorsOf(await parse())).toEqual([]);
  });

  it('is judged by a parser that sees a dangling reference', async () => {
    const { asyncapi, info } = asyncApi(state) as { asyncapi: string; info: object };
    const broken = { asyncapi, info, channels: {}, 'x-tools': state.tools() };
    expect(errorsOf(await parser.parse(JSON.stringify(broken)))).toContainEqual(
      expect.objectContaining({ code: 'invalid-ref' }),
    );
  });

  it('is the same with another path and without tools, but for these', () => {
    const other = asyncApi(quietState({ path: '/chat/a-b', tools: () => [] }));
    const expected = JSON.stringify({ ...asyncApi(state), 'x-tools': [] }).replaceAll('/ws/agent', '/chat/a-b');
    expect(other).toEqual(JSON.parse(expected));
  });

  it('holds every message, with its direction and the operation that carries it', async () => {
    const { document } = await parse();
    const carried = (action: string) =>
      document
        ?.operations()
        .all()
        .filter((operation) => operation.action() === action)
        .flatMap((operation) => operation.messages().all())
        .map((message) => message.name());
    expect(carried('receive')).toEqual(Object.keys(clientMessages));
    expect(carried('send')).toEqual(Object.keys(serverMessages));
    expect(document?.channels().all()[0]?.address()).toBe('/ws/agent');
    const directions = document
      ?.components()
      .messages()
      .all()
      .map((message) => message.extensions().get('x-direction')?.value<string>());
    expect(directions).toEqual([
      ...Object.keys(clientMessages).map(() => 'client'),
      ...Object.keys(serverMessages).map(() => 'server'),
    ]);
  });

  it('says what answers each message of a client, with types that messages share', async () => {
    const { document } = await parse();
    const receiving =
      document
        ?.operations()
        .all()
        .filter((operation) => operation.action() === 'receive') ?? [];
    for (const operation of receiving) {
      const answers =
        operation
          .reply()
          ?.messages()
          .all()
          .map((message) => message.name()) ?? [];
      expect(answers).toContain('error');
      // The description names the same answers.
      const [, said = ''] = / (?:Answered by|: )([^:.]*)/.exec(operation.summary() ?? '') ?? [];
      for (const [, type] of said.split(', then ')[0]?.matchAll(/`(\w+)`/g) ?? []) expect(answers).toContain(type);
    }
    const { components } = asyncApi(state) as { components: { schemas: object; messages: object } };
    const references = [...JSON.stringify(components.messages).matchAll(/#\/components\/schemas\/(\w+)/g)];
    expect(new Set(references.map(([, name]) => name))).toEqual(new Set(Object.keys(components.schemas)));
  });

  it('holds the tools as the model sees them', () => {
    const document = asyncApi(state) as { 'x-tools': unknown[] };
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
