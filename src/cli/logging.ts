import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { destination, pino, stdTimeFunctions, type Logger } from 'pino';
import { CliError, systemReason } from './cli-error.js';
import { errorFields } from '../runtime/error-fields.js';
import { prettyLine } from './pretty-log.js';

/** What {@link createLog} takes. */
export interface LogOptions {
  readonly level: string;
  readonly format: 'pretty' | 'json';
  /** Whether `format: 'pretty'` uses colours. */
  readonly color: boolean;
  /** A file that also gets every line as JSON. */
  readonly file?: string | undefined;
  /** Texts that are removed from every line. */
  readonly secrets: readonly string[];
  /** Writes lines to standard output. */
  readonly write: (text: string) => void;
  /** The flag or variable of the file: `--log-file`. */
  readonly fileKey: string;
}

/** The log of the process. */
export interface Log {
  readonly logger: Logger;
  /** Writes all lines to the operating system. Call it before the process ends. */
  readonly flush: () => void;
  /** Opens the file again after log rotation has moved it; if that fails, the old file stays in use. */
  readonly reopen: () => void;
}

/**
 * Opens the log.
 * @throws CliError if the file cannot be written
 */
export function createLog(options: LogOptions): Log {
  const file = options.file === undefined ? undefined : openLogFile(options.file, options.fileKey);
  const secrets = options.secrets.filter((secret) => secret.length >= MIN_SECRET_LENGTH);
  const stream = {
    write(line: string): void {
      const safe = secrets.reduce((text, secret) => text.replaceAll(secret, '[secret]'), line);
      options.write(options.format === 'pretty' ? prettyLine(safe, options.color) : safe);
      file?.write(safe);
    },
  };
  const logger = pino(
    {
      level: options.level,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: (error: unknown) => errorFields(error) },
    },
    stream,
  );
  // A full disk must not stop the service; standard output still has the lines.
  let reported = false;
  file?.on('error', (error) => {
    if (reported) return;
    reported = true;
    logger.error({ err: error }, 'The log file cannot be written');
  });
  const reopen = (): void => {
    try {
      file?.reopen();
    } catch (error) {
      logger.error({ err: error }, 'The log file cannot be opened anew');
    }
  };
  return { logger, flush: () => file?.flushSync(), reopen };
}

/** Shorter secrets, such as the key `x` for a local server, would remove harmless text and protect nothing. */
const MIN_SECRET_LENGTH = 8;

/** Node's recursive `mkdir` never returns if a directory cannot be created, as in /proc. */
function makeDirectory(path: string): void {
  if (existsSync(path)) return;
  makeDirectory(dirname(path));
  mkdirSync(path);
}

function openLogFile(path: string, key: string) {
  try {
    makeDirectory(dirname(path));
    // Written synchronously, so that the last lines before the end are there and in order.
    return destination({ dest: path, sync: true });
  } catch (error) {
    throw new CliError(`${key}: "${path}" cannot be written: ${systemReason(error)}`, { cause: error });
  }
}
