import { CommanderError } from 'commander';
import { chat } from './chat.js';
import { CliError } from './cli-error.js';
import { createProgram } from './program.js';
import { serve } from './serve.js';
import { store } from './store-command.js';
import { worker } from './worker.js';

// A closed pipe on standard output must not end the server.
process.stdout.on('error', () => undefined);

const args = process.argv.slice(2);
try {
  await createProgram({ serve, worker, chat, store }).parseAsync(args.length === 0 ? ['--help'] : args, {
    from: 'user',
  });
} catch (error) {
  process.exit(report(error));
}

/** Prints an error unless it was printed already, and returns the exit code. */
function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode;
  const isOperators = error instanceof CliError;
  process.stderr.write(
    `${isOperators ? error.message : error instanceof Error ? (error.stack ?? '') : String(error)}\n`,
  );
  return 1;
}
