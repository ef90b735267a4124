import type { Logger, LogMethod } from './logger.js';

const ignore: LogMethod = () => undefined;

/** The one place of the library that writes to the console: an error nobody can see costs hours. */
const report: LogMethod = (fields, message) => {
  console.error(
    `[agent-ws] ${message}`,
    fields,
    '(the option "logger" takes such reports; logger: false silences them)',
  );
};

/** What is used unless a logger is given: warnings and errors, and nothing of what goes well. */
export const consoleLogger: Logger = { debug: ignore, info: ignore, warn: report, error: report };
