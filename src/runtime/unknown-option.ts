import { nearest } from '../protocol/nearest.js';

/** The names of a table of options: the compiler asks for each of them, and takes no other. */
export type KnownOptions<Options> = { readonly [Name in keyof Options]-?: true };

/** An option that is not there. */
export interface UnknownOption {
  /** Dotted where it is nested: `clientMayChoose.model`. */
  readonly option: string;
  readonly sentence: string;
}

/** The first of the given options that is none of the names; `undefined` if all of them are. */
export function unknownOption(given: object, names: readonly string[], parent?: string): UnknownOption | undefined {
  const name = Object.keys(given).find((key) => !names.includes(key));
  if (name === undefined) return undefined;
  const full = (key: string): string => (parent === undefined ? key : `${parent}.${key}`);
  const meant = nearest(name, names);
  const hint =
    meant === undefined ? `the options here are ${names.map(full).join(', ')}` : `did you mean "${full(meant)}"?`;
  return { option: full(name), sentence: `Option "${full(name)}" is not known; ${hint}` };
}
