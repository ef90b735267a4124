import * as fields from '../protocol/server-fields.js';
import { documentSchema, type DocumentSchema } from './message-schemas.js';

/** Schemas that several messages of one document share, by the name that code generators give their type. */
export class SharedSchemas {
  /** For `components.schemas`. */
  readonly schemas: Readonly<Record<string, DocumentSchema>> = {
    AttachmentInfo: documentSchema(fields.attachmentInfo),
    ErrorCode: documentSchema(fields.errorCode),
    FinishReason: documentSchema(fields.finishReason),
    RunKind: documentSchema(fields.runKind),
    RunState: documentSchema(fields.runState),
    Usage: documentSchema(fields.usage),
  };
  readonly #names = new Map(Object.entries(this.schemas).map(([name, schema]) => [JSON.stringify(schema), name]));

  /** Replaces what is shared in a schema by references. */
  withReferences(schema: unknown): unknown {
    if (Array.isArray(schema)) return schema.map((entry) => this.withReferences(entry));
    if (typeof schema !== 'object' || schema === null) return schema;
    const name = this.#names.get(JSON.stringify(schema));
    if (name !== undefined) return { $ref: `#/components/schemas/${name}` };
    return Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, this.withReferences(value)]));
  }
}
