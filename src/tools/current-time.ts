import * as z from 'zod';
import { defineTool, type Tool } from '../tool/tool.js';
import { checkOptions, type OptionTable } from '../runtime/option-table.js';
import { aFunction, text } from '../runtime/rule.js';
import { TOOL_NAMES } from './names.js';

/** What {@link createCurrentTime} takes. */
export interface CurrentTimeOptions {
  /**
   * The clock: milliseconds since 1970 UTC.
   * @default Date.now
   */
  now?: (() => number) | undefined;
  /**
   * The time zone used if the call names none.
   * @default the time zone of the server
   */
  timeZone?: string | undefined;
}

export const CURRENT_TIME_OPTIONS = {
  now: {
    text: 'The clock: milliseconds since 1970 UTC.',
    rule: aFunction,
    default: () => Date.now(),
    defaultText: 'Date.now',
  },
  timeZone: {
    text: 'The time zone used if the call names none.',
    rule: text('the IANA name of a time zone', isTimeZone),
    defaultText: 'the time zone of the server',
  },
} as const satisfies OptionTable<CurrentTimeOptions>;

/** The result of the tool. */
export interface CurrentTime {
  /** ISO 8601 to the second, with the offset from UTC: `2026-11-22T17:05:09+08:00`. */
  readonly time: string;
  /** Whole seconds since 1970 UTC. */
  readonly unix_seconds: number;
  /** The IANA name of the time zone of `time`, as given in the call. */
  readonly time_zone: string;
  /** The English weekday: `Sunday`. */
  readonly weekday: string;
}

/**
 * Makes the tool `current_time` with another clock or default time zone.
 * @throws OptionError if `timeZone` is not a time zone.
 */
export function createCurrentTime(options: CurrentTimeOptions = {}): Tool {
  const { now, timeZone } = checkOptions(options, CURRENT_TIME_OPTIONS);
  return defineTool({
    name: TOOL_NAMES.currentTime,
    description:
      'Tells the current date, time and weekday, in the time zone asked for. Use it whenever the answer depends on what day or time it is.',
    params: z.object({
      time_zone: z
        .string()
        .max(64)
        .refine(isTimeZone, 'No such time zone. Use an IANA name such as "Asia/Shanghai", "Europe/Berlin" or "UTC".')
        .optional()
        .describe(
          'IANA name of a time zone, for example "Asia/Shanghai". Leave it out for the time zone of the server.',
        ),
    }),
    execute: ({ time_zone }) => describeTime(now(), time_zone ?? timeZone ?? serverTimeZone()),
  });
}

/** The tool `current_time` with the clock of this machine. */
export const currentTime = createCurrentTime();

function isTimeZone(name: string): boolean {
  // Newer runtimes also accept offsets such as "+08:00"; only names are accepted here, on every runtime.
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

function serverTimeZone(): string {
  return new Intl.DateTimeFormat('en-US').resolvedOptions().timeZone;
}

function describeTime(milliseconds: number, timeZone: string): CurrentTime {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    weekday: 'long',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    timeZoneName: 'longOffset',
  });
  const parts = new Map(format.formatToParts(milliseconds).map(({ type, value }) => [type, value]));
  const part = (type: Intl.DateTimeFormatPartTypes): string => parts.get(type) ?? '';
  const date = `${part('year')}-${part('month')}-${part('day')}`;
  const time = `${part('hour')}:${part('minute')}:${part('second')}`;
  // "GMT+08:00"; some versions of ICU write only "GMT" for zero.
  const offset = part('timeZoneName').slice('GMT'.length) || '+00:00';
  return {
    time: `${date}T${time}${offset}`,
    unix_seconds: Math.floor(milliseconds / 1000),
    time_zone: timeZone,
    weekday: part('weekday'),
  };
}
