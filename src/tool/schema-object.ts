import type { JsonSchema } from './llm-tool.js';

/** A value as a schema or another object of JSON; empty if it is none. */
export function objectOf(value: unknown): JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonSchema) : {};
}

/**
 * The schema, or the definition in `$defs` that it refers to with what stands beside the reference; `undefined` if there is
 * no such definition. References by JSON Pointer: RFC 6901.
 */
export function withoutReference(schema: unknown, { $defs }: JsonSchema): JsonSchema | undefined {
  const { $ref, ...rest } = objectOf(schema);
  if (typeof $ref !== 'string') return rest;
  const [, pointer = ''] = /^#\/\$defs\/(.*)$/.exec($ref) ?? [];
  const name = pointer.replaceAll('~1', '/').replaceAll('~0', '~');
  const definitions = objectOf($defs);
  return Object.hasOwn(definitions, name) ? { ...objectOf(definitions[name]), ...rest } : undefined;
}
