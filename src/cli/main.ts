import { createProgram } from './program.js';
import { reportError } from './report-error.js';

// A closed pipe must not end the server.
for (const output of [process.stdout, process.stderr]) output.on('error', () => undefined);

// A command loads only what it needs: half of the time of a start is the loading of code.
const args = process.argv.slice(2);
try {
  await createProgram({
    serve: async (flags) => (await import('./serve.js')).serve(flags, process),
    worker: async (flags) => (await import('./worker.js')).worker(flags, process),
    chat: async (flags) => {
      process.exitCode = await (await import('./chat.js')).chat(flags, process);
    },
    store: async (action, flags) => (await import('./store-command.js')).store(action, flags, process),
  }).parseAsync(args.length === 0 ? ['--help'] : args, { from: 'user' });
} catch (error) {
  process.exit(reportError(error, process.stderr));
}
