import { checkNumber, MAX_DELAY_MS } from '../runtime/check-number.js';
import { OptionError } from '../runtime/option-error.js';

/** Which way bytes go: `up` from the client to the target, `down` from the target to the client. */
export type FaultDirection = 'up' | 'down';

/** How a connection ends for both ends: in order (`fin`), or by a reset (`rst`). */
export type CutKind = 'fin' | 'rst';

/** The end of a connection at an exact byte. */
export interface Cut {
  readonly direction: FaultDirection;
  /** Bytes that still arrive, counted from the start of the connection. */
  readonly bytes: number;
  readonly by: CutKind;
}

/** What a network does to a connection. Absent fields keep their value. */
export interface Faults {
  /**
   * Ends the connection after so many bytes in one direction, or at once if they have gone already.
   * @default never
   */
  readonly cutAfter?: Cut | undefined;
  /**
   * Delay of every byte, in both directions, in milliseconds.
   * @default 0
   */
  readonly delayMs?: number | undefined;
  /**
   * Maximum bytes per second in each direction.
   * @default Infinity
   */
  readonly bytesPerSecond?: number | undefined;
  /**
   * Whether nothing goes in either direction while both ends stay open, as if a machine had vanished. Nothing is lost.
   * @default false
   */
  readonly stalled?: boolean | undefined;
}

/** @throws OptionError if a fault breaks its rule. */
export function checkFaults({ cutAfter, delayMs, bytesPerSecond, stalled }: Faults): void {
  if (cutAfter !== undefined) {
    checkNumber('cutAfter.bytes', cutAfter.bytes, { least: 0, integer: true });
    checkOneOf('cutAfter.direction', cutAfter.direction, ['up', 'down']);
    checkCutKind('cutAfter.by', cutAfter.by);
  }
  if (delayMs !== undefined) checkNumber('delayMs', delayMs, { least: 0, most: MAX_DELAY_MS });
  if (bytesPerSecond !== undefined) checkNumber('bytesPerSecond', bytesPerSecond, { least: 1 });
  if (stalled !== undefined && typeof stalled !== 'boolean') throw new OptionError('stalled', 'true or false', stalled);
}

/** @throws OptionError unless the value is a cut kind. */
export function checkCutKind(option: string, by: CutKind): void {
  checkOneOf(option, by, ['fin', 'rst']);
}

function checkOneOf(option: string, value: string, allowed: readonly string[]): void {
  if (!allowed.includes(value)) throw new OptionError(option, allowed.map((word) => `"${word}"`).join(' or '), value);
}
