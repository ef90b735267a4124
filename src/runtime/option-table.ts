import { OptionError } from './option-error.js';
import type { Rule } from './rule.js';
import { unknownOption } from './unknown-option.js';

/** One option of a part. */
export interface Option<Read = unknown> {
  /** What the option is for: one sentence, which begins its help, its documentation and its TSDoc. */
  readonly text: string;
  readonly rule: Rule<Read>;
  /** The value if none is given. */
  readonly default?: unknown;
  /** The default in words, if the value cannot be written down. */
  readonly defaultText?: string;
  readonly required?: true;
}

/** A table with all options of an interface: the compiler requires each of them, and refuses others. */
export type OptionTable<Options> = { readonly [Name in keyof Options]-?: Option };

/** Checked options, with their defaults. */
export type Checked<Options, Table extends OptionTable<Options>> = {
  readonly [Name in keyof Options]-?:
    | ReadOf<Options[Name], Table[Name]>
    | (Table[Name] extends Present ? never : undefined);
};

/** An option that always has a value. */
type Present = { readonly default: unknown } | { readonly required: true };

/** The type that a rule gives to a value. */
type ReadOf<Given, Row> =
  Row extends Option<infer Read> ? (unknown extends Read ? Exclude<Given, undefined> : Read) : never;

/**
 * Checks options by their table and fills in the defaults. Unknown options are refused, since a misspelt option would
 * silently do nothing.
 * @param parent - the option that these belong to, if they are nested: `clientMayChoose`
 * @throws OptionError that names the option and its rule, or the most similar known name
 */
export function checkOptions<Options, const Table extends OptionTable<Options>>(
  given: Options,
  table: Table,
  parent?: string,
): Checked<Options, Table> {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new OptionError(parent ?? 'options', 'an object', given);
  }
  const unknown = unknownOption(given, Object.keys(table), parent);
  if (unknown !== undefined) throw new OptionError(unknown.option, unknown.sentence);
  const values = given as Readonly<Record<string, unknown>>;
  const checked: Record<string, unknown> = {};
  for (const [name, option] of Object.entries<Option>(table)) {
    const value = values[name] === undefined ? option.default : values[name];
    const isAbsent = value === undefined && option.required !== true;
    checked[name] = isAbsent ? undefined : option.rule.read(parent === undefined ? name : `${parent}.${name}`, value);
  }
  return checked as Checked<Options, Table>;
}

/** A rule for an object of options. */
export function nested<Options>() {
  return <const Table extends OptionTable<Options>>(table: Table): Rule<Checked<Options, Table>> => ({
    sentence: `an object of ${Object.keys(table).join(', ')}`,
    read: (option, value) => checkOptions(value as Options, table, option),
  });
}

/** The values whose names are in the table. */
export function pick<Values extends object, Table extends object>(
  values: Values,
  table: Table,
): Pick<Values, keyof Values & keyof Table> {
  const entries = Object.entries(values).filter(([name]) => Object.hasOwn(table, name));
  return Object.fromEntries(entries) as Pick<Values, keyof Values & keyof Table>;
}

/** A table without some of its options. */
export function omit<Table extends object, Name extends keyof Table & string>(
  table: Table,
  ...names: readonly Name[]
): Omit<Table, Name> {
  const entries = Object.entries(table).filter(([name]) => !names.some((omitted) => omitted === name));
  return Object.fromEntries(entries) as Omit<Table, Name>;
}
