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
 * Refuses objects such as Map, Promise and Response: JSON would turn them into `{}` and silently lose their content. Refuses
 * bytes, too: JSON would turn them into numbers, which no model reads.
 */
function refuseFormless(this: unknown, key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  // As it was before `toJSON`, which a Buffer has.
  const given: unknown = Reflect.get(Object(this) as object, key);
  if (ArrayBuffer.isView(given)) throw formless(given);
  if (Array.isArray(value)) return value;
  const prototype: unknown = Object.getPrototypeOf(value);
  const isPlain = prototype === null || Object.getPrototypeOf(prototype) === null;
  // Boxed numbers and strings are unboxed.
  if (isPlain || Object.keys(value).length > 0 || typeof value.valueOf() !== 'object') return value;
  throw formless(value);
}

function formless(value: object): TypeError {
  const tag: unknown = Reflect.get(value, Symbol.toStringTag);
  const name = Buffer.isBuffer(value) || typeof tag !== 'string' ? value.constructor.name : tag;
  return new TypeError(`JSON has no form for a ${name}: return plain objects and arrays`);
}

function stringify(name: string, value: unknown): string | undefined {
  try {
    return JSON.stringify(value, refuseFormless);
  } catch (error) {
    throw new AgentSocketError('tool_failed', `${name} is not JSON`, { cause: error });
  }
}
