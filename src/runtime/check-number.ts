import { OptionError } from './option-error.js';

/** The longest delay a timer takes, in milliseconds; a longer one would fire at once. */
export const MAX_DELAY_MS = 2_147_483_647;

/** The range of a number. */
export interface NumberBounds {
  readonly least: number;
  /** @default Infinity */
  readonly most?: number | undefined;
  /** Whether fractions are refused, and with them `Infinity`. */
  readonly integer?: boolean | undefined;
}

/**
 * Returns the value if it is within the bounds.
 * @throws OptionError otherwise, also for a string that looks like a number.
 */
export function checkNumber(option: string, value: unknown, bounds: NumberBounds): number {
  const { least, most = Infinity, integer = false } = bounds;
  const fits = typeof value === 'number' && value >= least && value <= most && (!integer || Number.isInteger(value));
  if (fits) return value;
  throw new OptionError(option, numberSentence(bounds), value);
}

/** The rule in words, to follow "must be". */
export function numberSentence({ least, most = Infinity, integer = false }: NumberBounds): string {
  return `${integer ? 'an integer' : 'a number'} ${most === Infinity ? `of at least ${least}` : `from ${least} to ${most}`}`;
}
