import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { textOf } from '../runtime/text-of.js';
import { CliError, systemReason } from './cli-error.js';

/**
 * Reads `.env` in a directory. If there is none, or it is a directory (as some virtual environments have it), nothing
 * is set.
 * @throws CliError if the file cannot be read or is not UTF-8, or a line is malformed: Node's parser would merge it with the next line
 */
export function readDotEnv(directory: string): Readonly<Record<string, string | undefined>> {
  let text: string;
  try {
    text = textOf(readFileSync(join(directory, '.env')));
  } catch (error) {
    if (['ENOENT', 'EISDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return {};
    throw new CliError(`.env: cannot be read: ${systemReason(error)}`, { cause: error });
  }
  // UTF-16, as PowerShell writes it, has a NUL beside each letter.
  if (text.includes('\0')) throw new CliError('.env: must be text in UTF-8');
  const line = firstUnreadable(text.split('\n'));
  // The line may hold a secret, so the message does not show it.
  if (line !== undefined)
    throw new CliError(`.env: line ${line} must be NAME=value, a comment that begins with #, or blank`);
  return parseEnv(text);
}

/** Number of the first line that is neither an assignment, nor part of one, nor empty, nor a comment. */
function firstUnreadable(lines: readonly string[]): number | undefined {
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index]?.trim() ?? '';
    if (line === '' || line.startsWith('#')) continue;
    if (!line.includes('=')) return index + 1;
    const [, quote, rest = ''] = /^[^=]*=\s*(["'`])(.*)$/.exec(line) ?? [];
    if (quote === undefined || rest.includes(quote)) continue;
    // A quoted value continues to the line that closes it.
    const last = lines.findIndex((later, at) => at > index && later.includes(quote));
    if (last !== -1) index = last;
  }
  return undefined;
}
