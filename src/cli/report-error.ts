import { CommanderError } from 'commander';
import { CliError } from './cli-error.js';
import type { Screen } from './surroundings.js';

/** Prints an error unless it was printed already, and returns the exit code. */
export function reportError(error: unknown, stderr: Screen): number {
  if (error instanceof CommanderError) return error.exitCode;
  const isOperators = error instanceof CliError;
  if ((error as NodeJS.ErrnoException | undefined)?.syscall === 'uv_cwd') {
    stderr.write('The working directory does not exist any more\n');
    return 1;
  }
  stderr.write(`${isOperators ? error.message : error instanceof Error ? (error.stack ?? '') : String(error)}\n`);
  return 1;
}
