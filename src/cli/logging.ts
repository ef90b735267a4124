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
  /** A file that gets every line as json, too. */
  readonly file?: string | undefined;
  /** Texts that appear in no line, whoever logs them. */
  readonly secrets: readonly string[];
  /** Where lines for people or machines go: standard output. */
  readonly write: (text: string) => void;
  /** How the operator wrote the file: `--log-file`. */
  readonly fileKey: string;
}

/** The log of the process. */
export interface Log {
  readonly logger: Logger;
  /** Hands everything to the operating system. Call it before the process ends. */
  readonly flush: () => void;
  /** Opens the file anew, which log rotation has moved away; where that fails, the old one goes on. */
  readonly reopen: () => void;
}

/**
 * Opens the log.
 * @throws CliError where the file cannot be written
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
  // A disk that fills up must not stop the service; standard output still has the lines.
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

/** Shorter ones, such as the `x` some local servers take for a key, would mutilate the log and protect nothing. */
const MIN_SECRET_LENGTH = 8;

/** Node's own way of making the directories above tries for ever where one cannot be made, as in /proc. */
function makeDirectory(path: string): void {
  if (existsSync(path)) return;
  makeDirectory(dirname(path));
  mkdirSync(path);
}

function openLogFile(path: string, key: string) {
  try {
    makeDirectory(dirname(path));
    // Written line by line: what is logged just before the end is there, and in its place.
    return destination({ dest: path, sync: true });
  } catch (error) {
    throw new CliError(`${key}: "${path}" cannot be written: ${systemReason(error)}`, { cause: error });
  }
}
