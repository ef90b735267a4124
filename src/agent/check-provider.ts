import { OptionError } from '../runtime/option-error.js';
import { methods, type Rule } from '../runtime/rule.js';
import type { LlmProvider } from './llm-provider.js';

const hasMethods = methods('an LlmProvider: an object with a "vendor" and a "stream" method', ['stream']);

/** The check for callers without a compiler. */
export const aProvider: Rule<LlmProvider> = {
  sentence: hasMethods.sentence,
  read(option, value) {
    const provider = hasMethods.read(option, value) as LlmProvider;
    const vendor: unknown = provider.vendor;
    if (typeof vendor !== 'string') throw new OptionError(`${option}.vendor`, 'a string', vendor);
    return provider;
  },
};
