import { checkMethods } from '../runtime/check-methods.js';
import { OptionError } from '../runtime/option-error.js';
import type { LlmProvider } from './llm-provider.js';

/** @throws OptionError where it is no provider: callers without a compiler may give anything. */
export function checkProvider(provider: LlmProvider | undefined): void {
  checkMethods('provider', 'an LlmProvider: an object with a "vendor" and a "stream" method', provider, ['stream']);
  if (typeof provider?.vendor !== 'string') throw new OptionError('provider.vendor', 'a string', provider?.vendor);
}
