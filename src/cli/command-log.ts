import { LineBuffer } from './line-buffer.js';
import { createLog, type Log } from './logging.js';
import { writeLines } from './output-lines.js';
import { redisSecrets } from './redis.js';
import type { ResolvedSettings } from './settings.js';

/** The log of the command, as the settings want it. */
export interface CommandLog extends Log {
  readonly format: 'pretty' | 'json';
  /**
   * From here on the JSON lines for a standard output that is no terminal are written together, at most 100 ms later, or with
   * the next warning or error.
   * Before, each line is written at once, so that an error that ends the start comes after all lines of the log.
   */
  readonly onStarted: () => void;
}

/**
 * Opens the log of the command.
 * @param worker - the number of the process among those that share a port
 * @throws CliError if the file cannot be written
 */
export function openCommandLog(resolved: ResolvedSettings, worker?: number): CommandLog {
  const { settings, keyOf } = resolved;
  const secrets = [settings.apiKey, ...Object.values(settings.extraHeaders), ...redisSecrets(resolved)];
  const format = settings.logFormat ?? (process.stdout.isTTY ? 'pretty' : 'json');
  let isTogether = false;
  const output = new LineBuffer((lines) => writeLines(process.stdout, lines), {
    onFailed: (error) => log.logger.error({ err: error }, 'Standard output cannot be written'),
    onRecovered: (dropped) => log.logger.warn({ dropped }, 'Standard output can be written again; lines were dropped'),
  });
  const log = createLog({
    level: settings.logLevel,
    format,
    color: process.stdout.isTTY && process.stdout.hasColors(),
    ...(settings.logFile !== undefined && { file: settings.logFile }),
    fileKey: keyOf('logFile'),
    secrets: secrets.filter((secret) => secret !== undefined),
    write: (text, isUrgent) => {
      if (!isTogether) process.stdout.write(text);
      else {
        output.write(text);
        // Whoever watches the log acts on it.
        if (isUrgent) output.flush();
      }
    },
    worker,
  });
  const flush = (): void => {
    log.flush();
    output.flush();
  };
  const onStarted = (): void => {
    isTogether = format === 'json' && !process.stdout.isTTY;
  };
  return { ...log, format, flush, onStarted };
}
