import * as fields from '../protocol/server-fields.js';
import { documentSchema, type DocumentSchema } from './message-schemas.js';

/** Schemas that several messages share, by the name that code generators give their type. */
const SHARED: Readonly<Record<string, DocumentSchema>> = {
  AttachmentInfo: documentSchema(fields.attachmentInfo),
  ErrorCode: documentSchema(fields.errorCode),
  FinishReason: documentSchema(fields.finishReason),
  RunKind: documentSchema(fields.runKind),
  RunState: documentSchema(fields.runState),
  Usage: documentSchema(fields.usage),
};
const names = new Map(Object.entries(SHARED).map(([name, schema]) => [JSON.stringify(schema), name]));

/** The schemas that messages refer to, for `components.schemas`. */
export function sharedSchemas(): Readonly<Record<string, DocumentSchema>> {
  return SHARED;
}

/** Replaces the schemas of {@link SHARED} in a schema by references. */
export function withReferences(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withReferences);
  if (typeof schema !== 'object' || schema === null) return schema;
  const name = names.get(JSON.stringify(schema));
  if (name !== undefined) return { $ref: `#/components/schemas/${name}` };
  return Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, withReferences(value)]));
}
