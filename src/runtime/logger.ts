/** One level of a {@link Logger}: fields first, then a sentence, as in pino. */
export type LogMethod = (fields: Readonly<Record<string, unknown>>, message: string) => void;

/** The levels of a {@link Logger}. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/**
 * Receives the log lines of the library. It has the shape of pino's logger, so a pino logger fits. Message content,
 * tokens and keys are never logged.
 */
export interface Logger extends Readonly<Record<LogLevel, LogMethod>> {
  /**
   * Whether lines of this level are written. It is asked before fields are copied or shortened.
   * @default every level is on
   */
  isLevelEnabled?(level: LogLevel): boolean;
}

/** Whether a logger writes lines of this level. */
export function isOn(logger: Logger, level: LogLevel): boolean {
  return logger.isLevelEnabled?.(level) ?? true;
}

/** A level that is off. */
export const ignore: LogMethod = () => undefined;

/** `isLevelEnabled` of a logger whose methods are {@link ignore} for the levels that are off. */
export function isNotIgnored(this: Logger, level: LogLevel): boolean {
  return this[level] !== ignore;
}

/** Logs nothing: the logger for `logger: false`. */
export const silentLogger: Logger = {
  debug: ignore,
  info: ignore,
  warn: ignore,
  error: ignore,
  isLevelEnabled: isNotIgnored,
};
