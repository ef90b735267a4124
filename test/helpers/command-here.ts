import type { EventEmitter } from 'node:events';
import { PassThrough, Writable } from 'node:stream';
import { onTestFinished } from 'vitest';
import { chat } from '../../src/cli/chat.js';
import { createProgram } from '../../src/cli/program.js';
import { reportError } from '../../src/cli/report-error.js';
import { serve } from '../../src/cli/serve.js';
import { store } from '../../src/cli/store-command.js';
import type { Surroundings } from '../../src/cli/surroundings.js';
import { worker } from '../../src/cli/worker.js';
import { CommandOutput } from './command-output.js';
import { temporaryDirectory } from './temporary-directory.js';

type Listener = (...args: unknown[]) => void;

const emitter: EventEmitter = process;

/** What {@link startHere} takes. */
export interface HereOptions {
  /** The environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** @default an empty directory */
  readonly cwd?: string;
  /** The whole standard input. */
  readonly input?: string;
  /**
   * Whether standard input is a terminal, at which the test types.
   * @default false
   */
  readonly types?: boolean;
  /** Standard output in place of one that keeps what is written. */
  readonly stdout?: Writable;
}

/** A command that runs in the process of the test. */
export interface CommandHere extends Pick<CommandOutput, 'stdout' | 'stderr' | 'output' | 'errors'> {
  /** Resolves to the exit code. */
  readonly exited: Promise<number>;
  /** Writes to standard input, which must be open. */
  type(text: string): void;
  /** Ends standard input. */
  endInput(): void;
}

/**
 * Runs `agent-ws` in this process, with streams of its own: many times as fast as a process. For chats, for what works on
 * a database, and for services that refuse to start; tests of processes show what is left out here.
 */
export function startHere(args: readonly string[], options: HereOptions = {}): CommandHere {
  const stdin = Object.assign(new PassThrough(), { isTTY: options.types === true });
  if (options.types !== true) stdin.end(options.input);
  const output = new CommandOutput();
  const cwd = options.cwd ?? temporaryDirectory();
  const surroundings: Surroundings = {
    env: options.env ?? {},
    cwd: () => cwd,
    stdin,
    stdout: options.stdout ?? writable((text) => output.addOutput(text)),
    stderr: writable((text) => output.addErrors(text)),
  };
  const before = listeners();
  const exited = run(args, surroundings).finally(() => {
    // A process that ends takes along what it listens to.
    for (const [event, now] of listeners()) {
      for (const listener of now) if (before.get(event)?.includes(listener) !== true) emitter.off(event, listener);
    }
    output.end();
  });
  onTestFinished(async () => {
    // A person who leaves: the chat ends with its input.
    stdin.end();
    await exited;
  });
  return {
    get stdout() {
      return output.stdout;
    },
    get stderr() {
      return output.stderr;
    },
    output: (pattern) => output.output(pattern),
    errors: (pattern) => output.errors(pattern),
    exited,
    type: (text) => void stdin.write(text),
    endInput: () => void stdin.end(),
  };
}

/** Runs `agent-ws` in this process to its end. */
export async function runHere(
  args: readonly string[],
  options: HereOptions = {},
): Promise<{ code: number; stdout: string; stderr: string }> {
  const command = startHere(args, options);
  const code = await command.exited;
  return { code, stdout: command.stdout, stderr: command.stderr };
}

/** What the file of the command does with the process. */
async function run(args: readonly string[], surroundings: Surroundings): Promise<number> {
  const { stdout, stderr } = surroundings;
  let code = 0;
  const program = createProgram({
    serve: (flags) => serve(flags, surroundings),
    worker: (flags) => worker(flags, surroundings),
    chat: async (flags) => void (code = await chat(flags, surroundings)),
    store: (action, flags) => store(action, flags, surroundings),
  });
  for (const command of [program, ...program.commands, ...program.commands.flatMap(({ commands }) => commands)]) {
    command.configureOutput({
      writeOut: (text) => void stdout.write(text),
      writeErr: (text) => void stderr.write(text),
    });
  }
  try {
    await program.parseAsync([...args], { from: 'user' });
  } catch (error) {
    return reportError(error, stderr);
  }
  return code;
}

/** What listens to this process. */
function listeners(): Map<string, Listener[]> {
  const events = ['exit', 'uncaughtException', 'SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR2'];
  return new Map(events.map((event) => [event, emitter.listeners(event) as Listener[]]));
}

function writable(add: (text: string) => void): Writable {
  return new Writable({
    decodeStrings: false,
    write(chunk: string | Buffer, _encoding, done) {
      add(chunk.toString());
      done();
    },
  });
}
