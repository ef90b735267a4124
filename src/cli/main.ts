import { CommanderError } from 'commander';
import { CliError } from './cli-error.js';
import { createProgram } from './program.js';

// A closed pipe on standard output must not end the server.
process.stdout.on('error', () => undefined);

// A command loads only what it needs: a third of the time of a start is the loading of code.
const args = process.argv.slice(2);
try {
  await createProgram({
    serve: async (...given) => (await import('./serve.js')).serve(...given),
    worker: async (...given) => (await import('./worker.js')).worker(...given),
    chat: async (...given) => (await import('./chat.js')).chat(...given),
    store: async (...given) => (await import('./store-command.js')).store(...given),
  }).parseAsync(args.length === 0 ? ['--help'] : args, { from: 'user' });
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
