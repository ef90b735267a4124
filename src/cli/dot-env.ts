import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { CliError, systemReason } from './cli-error.js';

/**
 * Reads `.env` in a directory. Where there is none, or a directory has the name (some virtual environments do),
 * nothing is set.
 * @throws CliError where it cannot be read
 */
export function readDotEnv(directory: string): Readonly<Record<string, string | undefined>> {
  let content: string;
  try {
    content = readFileSync(join(directory, '.env'), 'utf8');
  } catch (error) {
    if (['ENOENT', 'EISDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return {};
    throw new CliError(`.env: cannot be read: ${systemReason(error)}`, { cause: error });
  }
  // Editors on Windows put a byte order mark in front of the first name.
  return parseEnv(content.replace(/^\uFEFF/, ''));
}
