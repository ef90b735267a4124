/** One level of a {@link Logger}: fields first, then a sentence, as in pino. */
export type LogMethod = (fields: Readonly<Record<string, unknown>>, message: string) => void;

/**
 * Receives the log lines of the library. It has the shape of pino's logger, so a pino logger fits. Message content,
 * tokens and keys are never logged.
 */
export interface Logger {
  readonly debug: LogMethod;
  readonly info: LogMethod;
  readonly warn: LogMethod;
  readonly error: LogMethod;
}

const ignore: LogMethod = () => undefined;

/** Logs nothing: the logger for `logger: false`. */
export const silentLogger: Logger = { debug: ignore, info: ignore, warn: ignore, error: ignore };
