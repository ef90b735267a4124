import * as z from 'zod';
import { clientMessages } from '../protocol/client-messages.js';
import { serverMessages } from '../protocol/server-messages.js';
import { clientExamples, serverExamples } from './message-examples.js';

/** The parts of a JSON Schema that the documents read. */
export interface DocumentSchema {
  type?: string;
  description?: string;
  properties?: Record<string, DocumentSchema>;
  required?: string[];
  items?: DocumentSchema;
  additionalProperties?: unknown;
  enum?: readonly string[];
  const?: unknown;
  default?: unknown;
  format?: string;
  pattern?: string;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  maxItems?: number;
}

/** A message in the documents. */
export interface DocumentedMessage {
  /** Name in the document: the type, prefixed by the direction if both sides send messages of this type. */
  readonly id: string;
  readonly type: string;
  /** Who sends it. */
  readonly direction: 'client' | 'server';
  readonly schema: DocumentSchema;
  readonly example: object;
}

/** Every message of the protocol: client messages as clients write them, server messages as clients read them. */
export function documentedMessages(): DocumentedMessage[] {
  const fromClients = Object.entries(clientMessages).map(([type, schema]) => ({
    id: type in serverMessages ? `client-${type}` : type,
    type,
    direction: 'client' as const,
    schema: documentSchema(schema, { io: 'input' }),
    example: clientExamples[type as keyof typeof clientExamples],
  }));
  const fromServer = Object.entries(serverMessages).map(([type, schema]) => ({
    id: type in clientMessages ? `server-${type}` : type,
    type,
    direction: 'server' as const,
    schema: documentSchema(schema, { io: 'output' }),
    example: serverExamples[type as keyof typeof serverExamples],
  }));
  return [...fromClients, ...fromServer];
}

/** The JSON Schema of a zod schema. AsyncAPI 3.0 embeds draft 7, OpenAPI 3.1 draft 2020-12. */
export function documentSchema(
  schema: z.ZodType,
  { io = 'output', target = 'draft-7' }: { io?: 'input' | 'output'; target?: 'draft-7' | 'draft-2020-12' } = {},
): DocumentSchema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, {
    io,
    target,
    override: ({ jsonSchema }) => relax(jsonSchema),
  });
  return rest as DocumentSchema;
}

function relax(schema: z.core.JSONSchema.BaseSchema): void {
  // Readers ignore unknown fields, so that the protocol can grow.
  if (schema.additionalProperties === false) delete schema.additionalProperties;
  // The maximum that zod adds to every integer tells readers nothing.
  if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum;
  if (schema.minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum;
}
