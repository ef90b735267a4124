import type { ValueType } from './value-types.js';

/** One thing an operator can set. */
export interface Setting<T, Default extends T | undefined = T | undefined> {
  /** Heading in the help. */
  readonly group: Group;
  /** The flag; absent for secrets, which would show in the list of processes. */
  readonly flag?: `--${string}`;
  /** The variable, in the environment or in `.env`. */
  readonly env: string;
  readonly type: ValueType<T>;
  readonly default: Default;
  /** What the help shows instead of the default. */
  readonly shownDefault?: string;
  /** The value of the flag when it is written without one. */
  readonly bare?: string;
  readonly help: string;
}

/** Headings of the help, in their order. */
export type Group = 'Server' | 'Model' | 'Access' | 'Connections' | 'Runs' | 'Store' | 'Logs';

export function setting<T, const Default extends T | undefined>(row: Setting<T, Default>): Setting<T, Default> {
  return row;
}
