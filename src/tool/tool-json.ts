import { AgentSocketError } from '../protocol/agent-socket-error.js';
import { isDeeperThan } from '../protocol/depth.js';

/** Maximum nesting of objects and arrays: common JSON parsers of clients stop near 1,000. */
const MAX_DEPTH = 512;

/**
 * Converts a value to JSON: a copy that later changes by the tool do not affect. `undefined` becomes `null`.
 * @throws AgentSocketError `output_too_large`; `tool_failed` for cycles, BigInts and other values that JSON cannot hold
 */
export function toJson(name: string, value: unknown, maxBytes: number): unknown {
  const encoded = stringify(name, value);
  if (encoded === undefined) return null;
  if (Buffer.byteLength(encoded) > maxBytes) {
    throw new AgentSocketError('output_too_large', `${name} is larger than ${maxBytes} bytes`);
  }
  if (isDeeperThan(encoded, MAX_DEPTH)) {
    throw new AgentSocketError('tool_failed', `${name} is nested deeper than ${MAX_DEPTH}`);
  }
  return JSON.parse(encoded);
}

/**
 * Refuses objects such as Map, Promise and Response: JSON would turn them into `{}` and silently lose their content.
 */
function refuseFormless(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const prototype: unknown = Object.getPrototypeOf(value);
  const isPlain = prototype === null || Object.getPrototypeOf(prototype) === null;
  // Boxed numbers and strings are unboxed.
  if (isPlain || Object.keys(value).length > 0 || typeof value.valueOf() !== 'object') return value;
  throw new TypeError(`JSON has no form for a ${value.constructor.name}: return plain objects and arrays`);
}

function stringify(name: string, value: unknown): string | undefined {
  try {
    return JSON.stringify(value, refuseFormless);
  } catch (error) {
    throw new AgentSocketError('tool_failed', `${name} is not JSON`, { cause: error });
  }
}
