import { nearest } from '../protocol/nearest.js';

/** The names of all options of an interface: the compiler requires each of them, and refuses others. */
export type KnownOptions<Options> = { readonly [Name in keyof Options]-?: true };

/** An option that does not exist. */
export interface UnknownOption {
  /** Name of the option, dotted if it is nested: `clientMayChoose.model`. */
  readonly option: string;
  readonly sentence: string;
}

/** The first given option that is not among the names; `undefined` if there is none. */
export function unknownOption(given: object, names: readonly string[], parent?: string): UnknownOption | undefined {
  const name = Object.keys(given).find((key) => !names.includes(key));
  if (name === undefined) return undefined;
  const full = (key: string): string => (parent === undefined ? key : `${parent}.${key}`);
  const meant = nearest(name, names);
  const hint =
    meant === undefined ? `the options here are ${names.map(full).join(', ')}` : `did you mean "${full(meant)}"?`;
  return { option: full(name), sentence: `Option "${full(name)}" is not known; ${hint}` };
}
