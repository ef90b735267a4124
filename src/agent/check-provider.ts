import { OptionError } from '../runtime/option-error.js';
import { list, methods, text, type Rule } from '../runtime/rule.js';
import type { LlmProvider } from './llm-provider.js';

const hasMethods = methods('an LlmProvider: an object with a "vendor" and a "stream" method', ['stream']);

const kinds = list('"image" and "file"', (entry) => entry === 'image' || entry === 'file');

/** The members that may be absent. */
const OPTIONAL = { server: text(), model: text(), accepts: kinds } as const;

/** The check for callers without a compiler. */
export const aProvider: Rule<LlmProvider> = {
  sentence: hasMethods.sentence,
  read(option, value) {
    const provider = hasMethods.read(option, value) as LlmProvider;
    const vendor: unknown = provider.vendor;
    if (typeof vendor !== 'string') throw new OptionError(`${option}.vendor`, 'a string', vendor);
    for (const [name, rule] of Object.entries<Rule>(OPTIONAL)) {
      const member: unknown = Reflect.get(provider, name);
      if (member !== undefined) rule.read(`${option}.${name}`, member);
    }
    return provider;
  },
};
