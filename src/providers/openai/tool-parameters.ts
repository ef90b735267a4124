import type { JsonSchema } from '../../tool/llm-tool.js';
import { objectOf, withoutReference } from '../../tool/schema-object.js';

/** The properties of an object, and those that must be present. */
interface Shape {
  readonly properties: JsonSchema;
  readonly required: readonly string[];
}

const NOTHING: Shape = { properties: {}, required: [] };
/** References may go in circles. */
const MAX_DEPTH = 8;

/** The schemas of tools are the same from request to request. */
const known = new WeakMap<JsonSchema, JsonSchema>();

/**
 * The schema of a tool's params in the form that model servers accept: an object with `properties`, and without
 * alternatives at its top, such as those of a union. All properties of the alternatives are listed, and those that each
 * of them requires are required. OpenAI and Gemini refuse `propertyNames`, which each record of Zod has. The tool itself
 * checks what the model sends.
 */
export function toolParameters(schema: JsonSchema): JsonSchema {
  let parameters = known.get(schema);
  if (parameters === undefined) {
    parameters = withProperties(schema);
    if (JSON.stringify(parameters).includes('"propertyNames"'))
      parameters = withoutPropertyNames(parameters) as JsonSchema;
    known.set(schema, parameters);
  }
  return parameters;
}

/** Keywords whose value is an object of schemas by name, and those whose value is a schema or a list of schemas. */
const NAMED = new Set(['properties', 'patternProperties', '$defs', 'definitions', 'dependentSchemas']);
const NESTED = new Set([
  ...['items', 'prefixItems', 'contains', 'additionalProperties', 'unevaluatedProperties', 'unevaluatedItems'],
  ...['anyOf', 'oneOf', 'allOf', 'not', 'if', 'then', 'else'],
]);

/** A schema without the keyword, and so are the schemas in it. */
function withoutPropertyNames(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withoutPropertyNames);
  if (typeof schema !== 'object' || schema === null) return schema;
  const inner = ([keyword, value]: readonly [string, unknown]): [string, unknown] => {
    if (NESTED.has(keyword)) return [keyword, withoutPropertyNames(value)];
    if (!NAMED.has(keyword)) return [keyword, value];
    const schemas = Object.entries(objectOf(value)).map(([name, one]): [string, unknown] => [
      name,
      withoutPropertyNames(one),
    ]);
    return [keyword, Object.fromEntries(schemas)];
  };
  return Object.fromEntries(
    Object.entries(schema)
      .filter(([keyword]) => keyword !== 'propertyNames')
      .map(inner),
  );
}

function withProperties(schema: JsonSchema): JsonSchema {
  const { anyOf, oneOf, allOf, ...rest } = schema;
  if ((anyOf ?? oneOf ?? allOf) === undefined) return 'properties' in schema ? schema : { ...schema, properties: {} };
  const { properties, required } = shapeOf(schema, schema, 0);
  return { ...rest, properties, ...(required.length > 0 && { required }) };
}

function shapeOf(given: unknown, root: JsonSchema, depth: number): Shape {
  const schema = withoutReference(given, root);
  if (schema === undefined || depth > MAX_DEPTH) return NOTHING;
  const shapes = (list: unknown): Shape[] =>
    Array.isArray(list) ? list.map((one: unknown) => shapeOf(one, root, depth + 1)) : [];
  const own: Shape = { properties: objectOf(schema['properties']), required: namesIn(schema['required']) };
  return all([own, ...shapes(schema['allOf']), either(shapes(schema['anyOf'])), either(shapes(schema['oneOf']))]);
}

function all(shapes: readonly Shape[]): Shape {
  return { properties: merged(shapes), required: [...new Set(shapes.flatMap(({ required }) => required))] };
}

function either(shapes: readonly Shape[]): Shape {
  const [first = NOTHING, ...others] = shapes;
  const required = first.required.filter((name) => others.every((shape) => shape.required.includes(name)));
  return { properties: merged(shapes), required };
}

function merged(shapes: readonly Shape[]): JsonSchema {
  const found = new Map<string, unknown[]>();
  for (const { properties } of shapes) {
    for (const [name, schema] of Object.entries(properties)) {
      const schemas = found.get(name) ?? [];
      found.set(name, schemas);
      if (!schemas.some((known) => JSON.stringify(known) === JSON.stringify(schema))) schemas.push(schema);
    }
  }
  return Object.fromEntries(Array.from(found, ([name, schemas]) => [name, anyOfThese(schemas)]));
}

/** A value of any of the schemas. Fixed values, such as those that tell the alternatives of a union apart, are listed. */
function anyOfThese(schemas: readonly unknown[]): unknown {
  if (schemas.length === 1) return schemas[0];
  const values = schemas.map((schema) => {
    const { const: value, enum: list = value === undefined ? undefined : [value] } = objectOf(schema);
    return Array.isArray(list) ? (list as unknown[]) : undefined;
  });
  if (values.includes(undefined)) return { anyOf: schemas };
  const types = new Set(schemas.map((schema) => objectOf(schema)['type']));
  const [type] = types;
  return { ...(types.size === 1 && type !== undefined && { type }), enum: [...new Set(values.flat())] };
}

function namesIn(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((name) => typeof name === 'string') : [];
}
