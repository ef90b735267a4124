import { OptionError } from '../runtime/option-error.js';
import type { Rule } from '../runtime/rule.js';

/** What a secret that processes share needs, in UTF-16 units. */
export const MIN_SECRET_LENGTH = 16;

/** A rule for the secrets that sign what processes tell each other. Errors do not show the value. */
export const aClusterSecret: Rule<readonly string[]> = {
  sentence: `a secret of at least ${MIN_SECRET_LENGTH} characters, or an array of them`,
  read(option, value) {
    const all: readonly unknown[] = Array.isArray(value) ? value : [value];
    const fits = (secret: unknown): secret is string =>
      typeof secret === 'string' && secret.length >= MIN_SECRET_LENGTH;
    if (all.length === 0 || !all.every(fits)) throw new OptionError(option, this.sentence, 'something else');
    return all;
  },
};
