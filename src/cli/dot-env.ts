import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { CliError, systemReason } from './cli-error.js';

/**
 * Reads `.env` in a directory. Where there is none, or a directory has the name (some virtual environments do),
 * nothing is set.
 * @throws CliError where it cannot be read, or a line says nothing: Node's parser would take the next one with it
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
  const text = content.replace(/^\uFEFF/, '');
  const line = firstUnreadable(text.split('\n'));
  // The line may hold a secret: the message does not show it.
  if (line !== undefined)
    throw new CliError(`.env: line ${line} must be NAME=value, a comment that begins with #, or blank`);
  return parseEnv(text);
}

/** The number of the first line that is neither a name with a value, nor part of one, nor to be skipped. */
function firstUnreadable(lines: readonly string[]): number | undefined {
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index]?.trim() ?? '';
    if (line === '' || line.startsWith('#')) continue;
    if (!line.includes('=')) return index + 1;
    const [, quote, rest = ''] = /^[^=]*=\s*(["'`])(.*)$/.exec(line) ?? [];
    if (quote === undefined || rest.includes(quote)) continue;
    // A quoted value goes on to the line that closes it.
    const last = lines.findIndex((later, at) => at > index && later.includes(quote));
    if (last !== -1) index = last;
  }
  return undefined;
}
