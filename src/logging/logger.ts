import { checkMethods } from '../errors/check-methods.js';
import { consoleLogger } from './console-logger.js';

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

/**
 * The logger that an option stands for: what goes wrong is on the console unless somebody decided otherwise.
 * @throws OptionError where it is no logger.
 */
export function checkLogger(logger: Logger | false = consoleLogger): Logger {
  if (logger === false) return silentLogger;
  return checkMethods('logger', 'a logger with debug, info, warn and error, or false for none', logger, LEVELS);
}

const LEVELS = ['debug', 'info', 'warn', 'error'];
