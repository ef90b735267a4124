import { checkMethods } from './check-methods.js';
import { consoleLogger } from './console-logger.js';
import { harmlessLogger } from './harmless-logger.js';
import { silentLogger, type Logger } from './logger.js';
import type { Option } from './option-table.js';

/** The logger of a part. */
export interface LoggerOption {
  /**
   * Where it reports. Message content, tokens and keys are never logged. If it throws, the line is lost and nothing else; the
   * first time the console says so.
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
  return harmlessLogger(
    checkMethods(option, SENTENCE, logger as Logger, ['debug', 'info', 'warn', 'error', ...optional]),
  );
}
