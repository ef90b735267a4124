import type { Option } from '../runtime/option-table.js';
import type { BooleanRule, ChoiceRule, ListRule, NumberRule, TextRule } from '../runtime/rule.js';
import { bytes, choice, decimal, integer, list, onOff, seconds, text, type ValueType } from './value-types.js';

/** Headings of the help, in order. */
export const GROUPS = [
  'Server',
  'Model',
  'Access',
  'Connections',
  'Runs',
  'Rooms',
  'Store',
  'Cluster',
  'Logs',
  'Operating',
] as const;

/** The flag and variable of a setting. */
export interface Handle {
  /** Heading in the help. */
  readonly group: (typeof GROUPS)[number];
  /** The flag; absent for secrets, which would be visible in the list of processes. */
  readonly flag?: `--${string}`;
  /** The variable, in the environment or in `.env`. */
  readonly env: string;
}

/** One setting. */
export interface Setting<T, Default = T | undefined> extends Handle {
  readonly type: ValueType<T>;
  readonly default: Default;
  /** Text that the help shows instead of the default. */
  readonly shownDefault?: string | undefined;
  /** The value of the flag if it is given without a value. */
  readonly bare?: string;
  readonly help: string;
}

export function setting<T, const Default extends T | undefined>(row: Setting<T, Default>): Setting<T, Default> {
  return row;
}

/** Rules whose values can be written on a command line. */
type WritableRule = NumberRule | BooleanRule | ChoiceRule | ListRule | TextRule;

/** The type of the values that can be written for an option. */
type Written<Rule> = Rule extends NumberRule
  ? number
  : Rule extends BooleanRule
    ? boolean
    : Rule extends ChoiceRule<infer Word>
      ? Word
      : Rule extends ListRule<infer Entry>
        ? readonly Entry[]
        : string;

/** Defaults that are functions are left out, since a setting cannot be a function. */
type DefaultOf<Row> = Row extends { readonly default: infer Value }
  ? Value extends (...args: never[]) => unknown
    ? undefined
    : Value
  : undefined;

/** The flag and variable of an option of the library. */
interface OptionHandle extends Handle {
  /** Name of the value in the help. */
  readonly placeholder?: string;
  /** How the value is written, if the rule does not determine it. */
  readonly type?: ValueType<unknown>;
  /** The default in words, if it depends on other settings; the value is then absent. */
  readonly shownDefault?: string;
}

type OptionSetting<Row, How> = Setting<
  How extends { readonly type: ValueType<infer T> }
    ? T
    : Row extends { readonly rule: infer Rule }
      ? Written<Rule>
      : never,
  How extends { readonly shownDefault: string } ? undefined : DefaultOf<Row>
>;

/** Settings for options of the library: sentence, rule and default come from the table of options. */
export function optionSettings<
  const Table extends Readonly<Record<string, Option>>,
  const Handles extends { readonly [Name in keyof Table]?: OptionHandle },
>(
  table: Table,
  handles: Handles & { readonly [Name in Exclude<keyof Handles, keyof Table>]: never },
): { readonly [Name in keyof Handles & keyof Table]: OptionSetting<Table[Name], Handles[Name]> } {
  const rows = Object.entries<OptionHandle | undefined>(handles).flatMap(([name, handle]) => {
    const option = table[name];
    return option === undefined || handle === undefined ? [] : [[name, optionSetting(option, handle)] as const];
  });
  // The compiler cannot relate each row to its option.
  return Object.fromEntries(rows) as never;
}

function optionSetting({ text, rule, default: value, defaultText }: Option, handle: OptionHandle): Setting<unknown> {
  const { placeholder, type = typeOf(rule as WritableRule, placeholder), shownDefault, ...rest } = handle;
  return {
    ...rest,
    type: type as ValueType<unknown>,
    default: typeof value === 'function' || shownDefault !== undefined ? undefined : value,
    shownDefault: shownDefault ?? (defaultText === 'none' ? '' : defaultText),
    help: text,
  };
}

function typeOf(rule: WritableRule, placeholder = 'text'): unknown {
  switch (rule.kind) {
    case 'number':
      if (rule.unit === 'ms') return seconds(rule.least, rule.most);
      if (rule.unit === 'bytes') return bytes(rule.least, rule.most);
      return (rule.integer === true ? integer : decimal)(placeholder, rule.least, rule.most);
    case 'boolean':
      return onOff;
    case 'choice':
      return choice(placeholder, rule.words);
    case 'list':
      return list(placeholder, rule.entries.replaceAll('"', ''), rule.isEntry);
    case 'text':
      return text(placeholder);
  }
}
