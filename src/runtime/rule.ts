import { checkMethods } from './check-methods.js';
import { checkNumber, numberSentence, MAX_DELAY_MS, type NumberBounds } from './check-number.js';
import { OptionError, secretError } from './option-error.js';

/** The rule of an option. */
export interface Rule<Read = unknown> {
  /** The rule in words: follows "must be" in an error. */
  readonly sentence: string;
  /**
   * Checks a value and returns it in the form that the part uses. `Read` is `unknown` for a rule that returns the value
   * unchanged.
   * @throws OptionError
   */
  readonly read: (option: string, value: unknown) => Read;
}

/** A rule of numbers. */
export interface NumberRule extends Rule, NumberBounds {
  readonly kind: 'number';
  /** The unit of the number, if it has one. */
  readonly unit?: 'ms' | 'bytes' | undefined;
}

/** A rule for a choice of words. */
export interface ChoiceRule<Word extends string = string> extends Rule {
  readonly kind: 'choice';
  readonly words: readonly Word[];
}

/** A rule for lists. */
export interface ListRule<Entry extends string = string> extends Rule {
  readonly kind: 'list';
  /** Name of the entries, in the plural. */
  readonly entries: string;
  readonly isEntry: (entry: string) => entry is Entry;
}

/** A rule for texts. */
export interface TextRule<Read = unknown> extends Rule<Read> {
  readonly kind: 'text';
}

/** A rule for values of any type. */
export function must(sentence: string, fits: (value: unknown) => boolean): Rule {
  return {
    sentence,
    read(option, value) {
      if (!fits(value)) throw new OptionError(option, sentence, value);
      return value;
    },
  };
}

/** A rule for a text that may be secret: errors do not show the value. */
export function secret(sentence: string, fits: (text: string) => boolean): Rule {
  return {
    sentence,
    read(option, value) {
      if (typeof value !== 'string') throw new OptionError(option, sentence, value);
      if (!fits(value)) throw secretError(option, sentence);
      return value;
    },
  };
}

export function number(bounds: NumberBounds, unit?: NumberRule['unit']): NumberRule {
  const read = (option: string, value: unknown): unknown => checkNumber(option, value, bounds);
  return { kind: 'number', ...bounds, unit, sentence: numberSentence(bounds), read };
}

export function integer(least: number, most?: number): NumberRule {
  return number({ least, most, integer: true });
}

/** A rule for a time in milliseconds; `Infinity` means no limit. */
export function milliseconds(least: number): NumberRule {
  return number({ least }, 'ms');
}

/** A rule for a time in milliseconds that a timer waits. */
export function delay(least: number): NumberRule {
  return number({ least, most: MAX_DELAY_MS }, 'ms');
}

/** A rule for a number of bytes. */
export function size(least: number): NumberRule {
  return number({ least }, 'bytes');
}

/** A rule for true and false. */
export interface BooleanRule extends Rule {
  readonly kind: 'boolean';
}

export const boolean: BooleanRule = {
  kind: 'boolean',
  ...must('true or false', (value) => typeof value === 'boolean'),
};

/** A rule for a text; by default, any text. */
export function text(sentence = 'a string', fits: (text: string) => boolean = () => true): TextRule {
  return { kind: 'text', ...must(sentence, (value) => typeof value === 'string' && fits(value)) };
}

export const aFunction: Rule = must('a function', (value) => typeof value === 'function');

export function choice<const Word extends string>(...words: readonly Word[]): ChoiceRule<Word> {
  const sentence = words.map((word) => `"${word}"`).join(' or ');
  return { kind: 'choice', words, ...must(sentence, (value) => words.some((word) => word === value)) };
}

export const anObject: Rule = must(
  'an object',
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
);

/** A rule for an array of texts; errors show the entry that breaks the rule. */
export function list<Entry extends string = string>(
  entries: string,
  fits: (entry: string) => boolean = () => true,
): ListRule<Entry> {
  const sentence = `an array of ${entries}`;
  const isEntry = (entry: string): entry is Entry => fits(entry);
  return {
    kind: 'list',
    entries,
    isEntry,
    sentence,
    read(option, value) {
      if (!Array.isArray(value)) throw new OptionError(option, sentence, value);
      for (const entry of value as unknown[]) {
        if (typeof entry !== 'string' || !isEntry(entry)) throw new OptionError(option, sentence, entry);
      }
      return value as unknown;
    },
  };
}

/** A rule for an object with these methods. */
export function methods(sentence: string, names: readonly string[]): Rule {
  return { sentence, read: (option, value) => checkMethods(option, sentence, value, names) };
}
