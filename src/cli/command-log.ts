import { createLog, type Log } from './logging.js';
import { redisSecrets } from './redis.js';
import type { ResolvedSettings } from './settings.js';

/** The log of the command, as the settings want it. */
export interface CommandLog extends Log {
  readonly format: 'pretty' | 'json';
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
  const log = createLog({
    level: settings.logLevel,
    format,
    color: process.stdout.isTTY && process.stdout.hasColors(),
    ...(settings.logFile !== undefined && { file: settings.logFile }),
    fileKey: keyOf('logFile'),
    secrets: secrets.filter((secret) => secret !== undefined),
    write: (text) => process.stdout.write(text),
    worker,
  });
  return { ...log, format };
}
