import type { OptionTable } from '../runtime/option-table.js';
import { aFunction, milliseconds, number, size } from '../runtime/rule.js';

/** How long a store keeps what ended. */
export interface RetentionOptions {
  /**
   * How long the log of an ended run can be read again. In milliseconds.
   * @default 300000
   */
  retainMs?: number | undefined;
  /**
   * Size of the logs of ended runs together. In bytes, in memory about 1,500 for each run besides its log; the owner
   * that holds most loses its oldest first.
   * @default 134217728
   */
  maxRetainedBytes?: number | undefined;
  /**
   * How long the id of an ended run is refused. In milliseconds.
   * @default 86400000
   */
  rememberIdsMs?: number | undefined;
  /**
   * Ids of ended runs that are remembered; the owner that has most loses its oldest first.
   * @default 100000
   */
  maxRememberedIds?: number | undefined;
  /**
   * The time of day, as Unix milliseconds.
   * @default Date.now
   */
  clock?: (() => number) | undefined;
}

export const RETENTION_OPTIONS = {
  retainMs: {
    text: 'How long the log of an ended run can be read again.',
    rule: milliseconds(0),
    default: 300_000,
  },
  maxRetainedBytes: {
    text: 'Size of the logs of ended runs together.',
    rule: size(0),
    default: 134_217_728,
  },
  rememberIdsMs: {
    text: 'How long the id of an ended run is refused.',
    rule: milliseconds(0),
    default: 86_400_000,
  },
  maxRememberedIds: {
    text: 'Ids of ended runs that are remembered; the owner that has most loses its oldest first.',
    rule: number({ least: 0 }),
    default: 100_000,
  },
  clock: {
    text: 'The time of day, as Unix milliseconds.',
    rule: aFunction,
    default: () => Date.now(),
    defaultText: 'Date.now',
  },
} as const satisfies OptionTable<RetentionOptions>;
