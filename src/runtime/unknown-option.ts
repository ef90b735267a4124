import { nearest } from '../protocol/nearest.js';

/** The names of a table of options: the compiler asks for each of them, and takes no other. */
export type KnownOptions<Options> = { readonly [Name in keyof Options]-?: true };

/** An option that is not there. */
export interface UnknownOption {
  /** Dotted where it is nested: `clientMayChoose.model`. */
  readonly option: string;
  readonly sentence: string;
}

/** The first of the given options that the table does not know; `undefined` where it knows all of them. */
export function unknownOption<Options>(
  given: object,
  known: KnownOptions<Options>,
  parent?: string,
): UnknownOption | undefined {
  const name = Object.keys(given).find((key) => !Object.hasOwn(known, key));
  if (name === undefined) return undefined;
  const full = (key: string): string => (parent === undefined ? key : `${parent}.${key}`);
  const names = Object.keys(known);
  const meant = nearest(name, names);
  const hint =
    meant === undefined ? `the options here are ${names.map(full).join(', ')}` : `did you mean "${full(meant)}"?`;
  return { option: full(name), sentence: `Option "${full(name)}" is not known; ${hint}` };
}
