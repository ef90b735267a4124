import { readFileSync, statSync } from 'node:fs';
import type { Logger } from '../runtime/logger.js';
import { CliError, systemReason } from './cli-error.js';
import type { SettingName, Settings } from './settings-table.js';

/** Settings whose file holds a secret. Static tokens are not among them, since their file holds only hashes. */
const SECRETS = [
  'tlsKey',
  'messageKeyFile',
  'authSecretFile',
  'storeKeyFile',
  'redisPasswordFile',
  'clusterSecretFile',
] as const satisfies readonly SettingName[];

/**
 * Reads the file that a setting names.
 * @param key - the flag or variable by which the operator knows the setting
 * @throws CliError if the file cannot be read
 */
export function readSettingFile(file: string, key: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new CliError(`${key}: "${file}" cannot be read: ${systemReason(error)}`, { cause: error });
  }
}

/** Logs which files with secrets every user of the machine can read. */
export function warnOfOpenSecrets(settings: Settings, logger: Logger): void {
  for (const name of SECRETS) {
    const file = settings[name];
    if (file !== undefined && isOpenToAll(file)) logger.warn({ file }, OPEN_SECRET);
  }
}

/** What is said of a file with a secret that is open to all. */
export const OPEN_SECRET = 'Every user of this machine can read a file with a secret: chmod 600 it';

/** Whether every user of the machine can read a file. A group is no fault: mounted secrets often belong to one. */
export function isOpenToAll(file: string): boolean {
  return process.platform !== 'win32' && (statSync(file).mode & 0o007) !== 0;
}
