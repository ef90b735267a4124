import { levels, pino, stdTimeFunctions, symbols, type Logger } from 'pino';
import { CliError, systemReason } from './cli-error.js';
import { errorFields } from '../runtime/error-fields.js';
import { inVisibleText } from './harmless.js';
import type { LineEvents } from './line-buffer.js';
import { LogFile } from './log-file.js';
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
  /**
   * Writes lines to standard output.
   * @param isUrgent - whether they warn, or tell of an error
   */
  readonly write: (text: string, isUrgent: boolean) => void;
  /** The flag or variable of the file: `--log-file`. */
  readonly fileKey: string;
  /** The number of the process among those that share a port; each line has it. */
  readonly worker?: number | undefined;
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
  // A full disk must not stop the service; standard output still has the lines.
  const file = openLogFile(options, {
    onFailed: (error) => logger.error({ err: error }, 'The log file cannot be written'),
    onRecovered: (dropped) => logger.warn({ dropped }, 'The log file can be written again; lines were dropped'),
  });
  const secrets = options.secrets.filter((secret) => secret.length >= MIN_SECRET_LENGTH);
  const stream = {
    // Lets pino set the level of each line.
    [symbols.needsMetadataGsym]: true as const,
    lastLevel: 0,
    write(line: string): void {
      const safe = inVisibleText(secrets.reduce((text, secret) => text.replaceAll(secret, '[secret]'), line));
      const isUrgent = stream.lastLevel >= WARN;
      options.write(options.format === 'pretty' ? prettyLine(safe, options.color) : safe, isUrgent);
      file?.write(safe);
    },
  };
  const logger = pino(
    {
      level: options.level,
      base: options.worker === undefined ? null : { worker: options.worker },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: (error: unknown) => errorFields(error) },
    },
    stream,
  );
  const reopen = (): void => {
    try {
      file?.reopen();
    } catch (error) {
      logger.error({ err: error }, 'The log file cannot be opened anew');
    }
  };
  return { logger, flush: () => file?.flush(), reopen };
}

const { warn: WARN = 0 } = levels.values;

/** Shorter secrets, such as the key `x` for a local server, would remove harmless text and protect nothing. */
const MIN_SECRET_LENGTH = 8;

function openLogFile({ file, fileKey }: LogOptions, events: LineEvents): LogFile | undefined {
  if (file === undefined) return undefined;
  try {
    return new LogFile(file, events);
  } catch (error) {
    throw new CliError(`${fileKey}: "${file}" cannot be written: ${systemReason(error)}`, { cause: error });
  }
}
