import { ignore, isNotIgnored, type Logger, type LogMethod } from './logger.js';

/** The only place of the library that writes to the console, so that errors are visible by default. */
const report: LogMethod = (fields, message) => {
  console.error(
    `[agent-ws] ${message}`,
    fields,
    '(the option "logger" takes such reports; logger: false silences them)',
  );
};

/** The default logger: writes warnings and errors, and ignores the rest. */
export const consoleLogger: Logger = {
  debug: ignore,
  info: ignore,
  warn: report,
  error: report,
  isLevelEnabled: isNotIgnored,
};
