import type { SchemaNode } from './json-schema-at.js';

/** Standard JSON Schema (standardschema.dev), which zod implements from 4.2 on. */
interface StandardJsonSchema {
  readonly '~standard': {
    readonly jsonSchema?: { input(options: { target: 'draft-2020-12' }): Record<string, unknown> };
  };
}

const known = new WeakMap<object, SchemaNode>();

/** The JSON Schema of a schema, made once. Empty if the schema or its library makes none. */
export function jsonSchemaOf(schema: object): SchemaNode {
  let made = known.get(schema);
  if (made === undefined) known.set(schema, (made = derive(schema as StandardJsonSchema)));
  return made;
}

function derive(schema: StandardJsonSchema): SchemaNode {
  try {
    return schema['~standard'].jsonSchema?.input({ target: 'draft-2020-12' }) ?? {};
  } catch {
    return {};
  }
}
