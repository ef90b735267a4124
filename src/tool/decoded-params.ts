import { isDeeperThan } from '../protocol/depth.js';
import { LIMITS } from '../protocol/version.js';
import { objectOf } from './schema-object.js';

/**
 * The params as a model meant them. A text becomes the value that it is the JSON of, if its schema asks for a value of that type
 * and for no text: models put values into quotes. An optional param that must not be `null` is left out if it is: models write
 * `null` for what they leave out.
 * @param schema - JSON Schema of the params
 */
export function decodedParams(params: unknown, schema: unknown): unknown {
  const { properties, items, required } = objectOf(schema);
  const value = typeof params === 'string' ? decoded(params, typesOf(schema)) : params;
  if (Array.isArray(value)) return value.map((element: unknown) => decodedParams(element, items));
  if (typeof value !== 'object' || value === null) return value;
  const wanted = objectOf(properties);
  const isLeftOut = (name: string): boolean =>
    !(Array.isArray(required) && required.includes(name)) && !takesNull(wanted[name]);
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, one]: [string, unknown]): [string, unknown][] => {
      if (!Object.hasOwn(wanted, name)) return [[name, one]];
      return one === null && isLeftOut(name) ? [] : [[name, decodedParams(one, wanted[name])]];
    }),
  );
}

/** Whether a schema takes `null`, or that is not known. */
function takesNull(schema: unknown): boolean {
  const types = typesOf(schema);
  return types.length === 0 || types.includes('null');
}

function decoded(text: string, types: readonly unknown[]): unknown {
  if (types.length === 0 || types.includes('string') || isDeeperThan(text, LIMITS.depth)) return text;
  try {
    const value: unknown = JSON.parse(text);
    return types.includes(typeOf(value)) || (types.includes('integer') && Number.isInteger(value)) ? value : text;
  } catch {
    return text;
  }
}

function typeOf(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
}

/** The types of JSON Schema that a schema takes; none if it also takes others, or if they are not known. */
function typesOf(schema: unknown): readonly unknown[] {
  const { type, anyOf, oneOf } = objectOf(schema);
  if (type !== undefined) return [type].flat();
  const alternatives: unknown = anyOf ?? oneOf;
  if (!Array.isArray(alternatives)) return [];
  const types = alternatives.map(typesOf);
  return types.some((some) => some.length === 0) ? [] : types.flat();
}
