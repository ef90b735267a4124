import { checkMethods } from './check-methods.js';
import { checkNumber, numberSentence, MAX_DELAY_MS, type NumberBounds } from './check-number.js';
import { OptionError } from './option-error.js';

/** What an option must be. */
export interface Rule<Read = unknown> {
  /** Follows "must be" in an error. */
  readonly sentence: string;
  /**
   * Checks a value, and gives it as the part uses it. `Read` is `unknown` for a rule that gives the value unchanged.
   * @throws OptionError
   */
  readonly read: (option: string, value: unknown) => Read;
}

/** A rule of numbers. */
export interface NumberRule extends Rule, NumberBounds {
  readonly kind: 'number';
  /** What the number counts, if it has a unit. */
  readonly unit?: 'ms' | 'bytes' | undefined;
}

/** A rule of some words. */
export interface ChoiceRule<Word extends string = string> extends Rule {
  readonly kind: 'choice';
  readonly words: readonly Word[];
}

/** A rule of lists. */
export interface ListRule<Entry extends string = string> extends Rule {
  readonly kind: 'list';
  /** What the entries are, in the plural. */
  readonly entries: string;
  readonly isEntry: (entry: string) => entry is Entry;
}

/** A rule of texts. */
export interface TextRule<Read = unknown> extends Rule<Read> {
  readonly kind: 'text';
}

/** A value that fits. */
export function must(sentence: string, fits: (value: unknown) => boolean): Rule {
  return {
    sentence,
    read(option, value) {
      if (!fits(value)) throw new OptionError(option, sentence, value);
      return value;
    },
  };
}

/** A text that fits and may be secret: an error does not show it. */
export function secret(sentence: string, fits: (text: string) => boolean): Rule {
  return {
    sentence,
    read(option, value) {
      if (typeof value !== 'string') throw new OptionError(option, sentence, value);
      if (!fits(value)) throw new OptionError(option, sentence, 'other text');
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

/** A time in milliseconds, with `Infinity` for ever. */
export function milliseconds(least: number): NumberRule {
  return number({ least }, 'ms');
}

/** Milliseconds that a timer waits. */
export function delay(least: number): NumberRule {
  return number({ least, most: MAX_DELAY_MS }, 'ms');
}

/** A number of bytes. */
export function size(least: number): NumberRule {
  return number({ least }, 'bytes');
}

/** A rule of two values. */
export interface BooleanRule extends Rule {
  readonly kind: 'boolean';
}

export const boolean: BooleanRule = {
  kind: 'boolean',
  ...must('true or false', (value) => typeof value === 'boolean'),
};

/** A text that fits: any if nothing is said. */
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

/** An array of texts; an error shows the entry that does not fit. */
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

/** An object with these methods. */
export function methods(sentence: string, names: readonly string[]): Rule {
  return { sentence, read: (option, value) => checkMethods(option, sentence, value, names) };
}
