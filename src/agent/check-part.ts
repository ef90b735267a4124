import { finishReason } from '../protocol/server-fields.js';
import type { FinishReason } from '../protocol/server-messages.js';
import { kindOf } from '../runtime/kind-of.js';
import type { Logger } from '../runtime/logger.js';
import type { LlmPart, LlmProvider } from './llm-provider.js';

/** The fields of each part that are texts. */
const TEXTS: Readonly<Record<string, readonly string[]>> = {
  'text-delta': ['text'],
  'reasoning-delta': ['text'],
  'tool-call': ['id', 'name', 'arguments'],
  'provider-data': [],
  usage: [],
  finish: [],
} satisfies Record<LlmPart['type'], readonly string[]>;

/** Maximum length of a type that is shown. */
const SHOWN_LENGTH = 40;

/** The providers that were reported for parts of unknown types. */
const reported = new WeakSet<LlmProvider>();

/**
 * Checks a part of a provider that was written without a compiler: a wrong field would reach clients. A part of an unknown
 * type is reported once, since it is left out.
 * @throws TypeError that says what is wrong, and nothing of the content
 */
export function checkPart(part: LlmPart, provider: LlmProvider, logger: Logger): void {
  const { type } = Object(part) as Readonly<Record<string, unknown>>;
  if (typeof part !== 'object' || typeof type !== 'string') {
    const given = kindOf(part) === 'an object' ? 'an object without a type' : kindOf(part);
    throw new TypeError(`The stream of the provider gave ${given} in place of a part`);
  }
  const texts = Object.hasOwn(TEXTS, type) ? TEXTS[type] : undefined;
  if (texts === undefined && !reported.has(provider)) {
    reported.add(provider);
    const fields = { vendor: provider.vendor, type: type.slice(0, SHOWN_LENGTH), known: Object.keys(TEXTS) };
    logger.warn(fields, 'The provider gives parts of an unknown type, which are left out');
  }
  for (const field of texts ?? []) {
    const value: unknown = Reflect.get(part, field);
    if (typeof value === 'string') continue;
    throw new TypeError(
      `The stream of the provider gave a "${type}" whose "${field}" is ${kindOf(value)} and no string`,
    );
  }
}

/**
 * Returns what the `stream` of a provider gave.
 * @throws TypeError if it is no stream of parts.
 */
export function checkStream<T extends AsyncIterable<unknown>>(stream: T): T {
  const members = Object(stream) as object;
  if (Symbol.asyncIterator in members || Symbol.iterator in members) return stream;
  throw new TypeError(`The "stream" of the provider gave ${kindOf(stream)} in place of an async iterable`);
}

/** A finish reason of the protocol: `other` if it is none. */
export function knownReason(reason: FinishReason | undefined): FinishReason | undefined {
  return reason === undefined || finishReason.options.includes(reason) ? reason : 'other';
}
