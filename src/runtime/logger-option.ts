import { checkMethods } from './check-methods.js';
import { consoleLogger } from './console-logger.js';
import { silentLogger, type Logger } from './logger.js';
import type { Option } from './option-table.js';

/** The logger of a part. */
export interface LoggerOption {
  /**
   * Where it reports. Message content, tokens and keys are never logged.
   * @default warnings and errors on the console; `false` for none
   */
  logger?: Logger | false | undefined;
}

const SENTENCE = 'a logger with debug, info, warn and error, or false for none';

/** Without a logger, errors must still be visible: they are written to the console. */
export const LOGGER = {
  text: 'Where it reports. Message content, tokens and keys are never logged.',
  rule: { sentence: SENTENCE, read: checkLogger },
  default: consoleLogger,
  defaultText: 'warnings and errors on the console; `false` for none',
} as const satisfies Option<Logger>;

function checkLogger(option: string, logger: unknown): Logger {
  if (logger === false) return silentLogger;
  const optional = (Object(logger) as Partial<Logger>).isLevelEnabled === undefined ? [] : ['isLevelEnabled'];
  return checkMethods(option, SENTENCE, logger as Logger, ['debug', 'info', 'warn', 'error', ...optional]);
}
