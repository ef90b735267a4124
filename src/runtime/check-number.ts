import { OptionError } from './option-error.js';

/** The longest delay a timer takes, in milliseconds; a longer one would fire at once. */
export const MAX_DELAY_MS = 2_147_483_647;

/** What {@link checkNumber} asks of a number. */
export interface NumberRule {
  readonly least: number;
  /** @default Infinity */
  readonly most?: number;
  /** Whether fractions are refused, and with them `Infinity`. */
  readonly integer?: boolean;
}

/**
 * Gives the value back where it keeps the rule.
 * @throws OptionError otherwise: for a string that looks like a number, too.
 */
export function checkNumber(option: string, value: unknown, rule: NumberRule): number {
  const { least, most = Infinity, integer = false } = rule;
  const fits = typeof value === 'number' && value >= least && value <= most && (!integer || Number.isInteger(value));
  if (fits) return value;
  const kind = integer ? 'an integer' : 'a number';
  throw new OptionError(
    option,
    `${kind} ${most === Infinity ? `of at least ${least}` : `from ${least} to ${most}`}`,
    value,
  );
}
