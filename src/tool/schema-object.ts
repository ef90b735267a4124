import type { JsonSchema } from './llm-tool.js';

/** A value as a schema or another object of JSON; empty if it is none. */
export function objectOf(value: unknown): JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonSchema) : {};
}
