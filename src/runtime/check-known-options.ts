import { OptionError } from './option-error.js';
import { unknownOption, type KnownOptions } from './unknown-option.js';

/**
 * Refuses what the table does not know: a misspelt option would do nothing, and nobody would be told.
 * @param parent - where the options are nested: `clientMayChoose`
 * @throws OptionError that names the option and the nearest right one.
 */
export function checkKnownOptions<Options>(given: unknown, known: KnownOptions<Options>, parent?: string): void {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new OptionError(parent ?? 'options', 'an object', given);
  }
  const unknown = unknownOption(given, known, parent);
  if (unknown !== undefined) throw new OptionError(unknown.option, unknown.sentence);
}

/** The options of one part among those of several. */
export function pickOptions<Given extends object, Options>(
  given: Given,
  known: KnownOptions<Options>,
): Pick<Given, keyof Given & keyof Options> {
  const picked = Object.entries(given).filter(([name]) => Object.hasOwn(known, name));
  return Object.fromEntries(picked) as Pick<Given, keyof Given & keyof Options>;
}
