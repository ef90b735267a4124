import { isLater } from './awaitable.js';
import { consoleLogger } from './console-logger.js';
import { isOn, silentLogger, type Logger, type LogLevel, type LogMethod } from './logger.js';

/** The loggers that are harmless. */
const harmless = new WeakSet<Logger>([consoleLogger, silentLogger]);

/**
 * A logger that never throws and never rejects. Whatever writes a line, such as the end of a run, must go on if the line cannot
 * be written: the logger of an application may throw when its transport has ended.
 */
export function harmlessLogger(logger: Logger): Logger {
  if (harmless.has(logger)) return logger;
  // A logger may be async despite its type.
  const lines: Readonly<Record<LogLevel, (...line: Parameters<LogMethod>) => unknown>> = logger;
  let isReported = false;
  const failed = (error: unknown): void => {
    if (isReported) return;
    isReported = true;
    consoleLogger.error({ err: error }, 'The logger failed: lines are lost');
  };
  const safely =
    (level: LogLevel): LogMethod =>
    (fields, message) => {
      try {
        const written = lines[level](fields, message);
        if (isLater(written)) written.then(undefined, failed);
      } catch (error) {
        failed(error);
      }
    };
  const wrapped: Logger = {
    debug: safely('debug'),
    info: safely('info'),
    warn: safely('warn'),
    error: safely('error'),
    isLevelEnabled: (level) => isOn(logger, level),
  };
  harmless.add(wrapped);
  return wrapped;
}
