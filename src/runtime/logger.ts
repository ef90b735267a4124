/** One level of a {@link Logger}: fields first, then a sentence, as pino has it. */
export type LogMethod = (fields: Readonly<Record<string, unknown>>, message: string) => void;

/**
 * Where the library reports. It has pino's shape, so a pino logger fits as it is.
 * Message content, tokens and keys are never logged.
 */
export interface Logger {
  readonly debug: LogMethod;
  readonly info: LogMethod;
  readonly warn: LogMethod;
  readonly error: LogMethod;
}

const ignore: LogMethod = () => undefined;

/** Reports nothing: what `logger: false` stands for. */
export const silentLogger: Logger = { debug: ignore, info: ignore, warn: ignore, error: ignore };
