import { isOn, type Logger, type LogLevel, type LogMethod } from './logger.js';

/** How ids look in log lines: see the option `logIds` of `createAgentSocketServer`. */
export type LogIds = 'short' | 'full';

/** Fields that are shortened: if clients share a principal, whoever knows the id of a run can read and cancel it. */
const SECRETS = ['runId', 'conversationId'];

const SHORT_LENGTH = 8;

/** A logger that writes ids as `ids` says. */
export function withLogIds(logger: Logger, ids: LogIds): Logger {
  if (ids === 'full') return logger;
  const shortened =
    (level: LogLevel): LogMethod =>
    (fields, message) => {
      if (isOn(logger, level)) logger[level](shortIds(fields), message);
    };
  return {
    debug: shortened('debug'),
    info: shortened('info'),
    warn: shortened('warn'),
    error: shortened('error'),
    isLevelEnabled: (level) => isOn(logger, level),
  };
}

/** What is shown of an id that must not be known whole. */
export function shortId(id: string): string {
  return id.slice(0, SHORT_LENGTH);
}

function shortIds(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const shown: Record<string, unknown> = { ...fields };
  // May be the address of a person.
  delete shown['principalId'];
  for (const name of SECRETS) {
    const id = shown[name];
    if (typeof id === 'string') shown[name] = shortId(id);
  }
  return shown;
}
