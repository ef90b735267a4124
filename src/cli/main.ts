import { CommanderError } from 'commander';
import { chat } from './chat.js';
import { CliError } from './cli-error.js';
import { createProgram } from './program.js';
import { serve } from './serve.js';

// A reader of the output that went away is no reason to stop serving.
process.stdout.on('error', () => undefined);

const args = process.argv.slice(2);
try {
  await createProgram({ serve, chat }).parseAsync(args.length === 0 ? ['--help'] : args, { from: 'user' });
} catch (error) {
  process.exit(report(error));
}

/** Says what went wrong, where that was not done yet, and returns the exit code. */
function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode;
  const isOperators = error instanceof CliError;
  process.stderr.write(
    `${isOperators ? error.message : error instanceof Error ? (error.stack ?? '') : String(error)}\n`,
  );
  return 1;
}
