import { unknownOption, type KnownOptions } from '../runtime/unknown-option.js';

/** @throws TypeError for an unknown option; the message names it and the most similar known option. */
export function checkKnown<Options>(given: object, known: KnownOptions<Options>, parent?: string): void {
  const unknown = unknownOption(given, Object.keys(known), parent);
  if (unknown !== undefined) throw new TypeError(unknown.sentence);
}
