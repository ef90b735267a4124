import { checkMethods } from './check-methods.js';
import { consoleLogger } from './console-logger.js';
import { silentLogger, type Logger } from './logger.js';

/**
 * The logger that an option stands for: what goes wrong is on the console unless somebody decided otherwise.
 * @throws OptionError where it is no logger.
 */
export function checkLogger(logger: Logger | false = consoleLogger): Logger {
  if (logger === false) return silentLogger;
  return checkMethods('logger', 'a logger with debug, info, warn and error, or false for none', logger, LEVELS);
}

const LEVELS = ['debug', 'info', 'warn', 'error'];
