import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { ROOT } from './build.js';
import { CommandOutput } from './command-output.js';
import { temporaryDirectory } from './temporary-directory.js';

/** The built program of the command line. */
export const CLI = join(ROOT, 'bin/agent-ws.js');

/** What {@link startCli} takes. */
export interface CliOptions {
  /** Environment of the process. Of the tests' own environment only PATH is passed on. */
  readonly env?: Readonly<Record<string, string>>;
  /** @default an empty directory */
  readonly cwd?: string;
  /** Modules loaded before the command line. */
  readonly imports?: readonly string[];
  /** The whole standard input. */
  readonly input?: string;
  /**
   * Whether standard input stays open for later input of the test.
   * @default false
   */
  readonly types?: boolean;
  /**
   * Called with what ends the process.
   * @default it ends with the test
   */
  readonly onStarted?: (end: () => Promise<void>) => void;
}

/** A line of the JSON log. */
export type LogLine = Readonly<Record<string, unknown>> & { readonly level: string; readonly msg: string };

/** A running command line. */
export interface CliProcess extends Pick<CommandOutput, 'stdout' | 'stderr' | 'output' | 'errors'> {
  readonly pid: number;
  /** Resolves to the exit code, or to the name of the signal that ended the process. */
  readonly exited: Promise<number | string>;
  kill(signal: NodeJS.Signals): void;
  /** Writes to standard input, which must be open. */
  type(text: string): void;
  /** Ends standard input. */
  endInput(): void;
  /** Stops reading standard output, as `| head` does. */
  closeOutput(): void;
  /** Waits for a line of the JSON log with this message. */
  log(msg: string | RegExp): Promise<LogLine>;
  /** All lines of the JSON log so far. */
  readonly lines: LogLine[];
}

/** Runs `agent-ws` with these arguments. */
export function startCli(args: readonly string[], options: CliOptions = {}): CliProcess {
  const imports = (options.imports ?? []).flatMap((module) => ['--import', module]);
  const child = spawn(process.execPath, [...imports, CLI, ...args], {
    cwd: options.cwd ?? temporaryDirectory(),
    env: { PATH: process.env['PATH'], ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  // A process that has ended reads no input.
  child.stdin.on('error', () => undefined);
  if (options.types !== true) child.stdin.end(options.input);
  const output = new CommandOutput();
  child.stdout.setEncoding('utf8').on('data', (text: string) => output.addOutput(text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => output.addErrors(text));
  const exited = new Promise<number | string>((resolve) =>
    // 'close' comes only after the pipes are empty.
    child.once('close', (code, signal) => {
      resolve(code ?? String(signal));
      output.end();
    }),
  );
  const { onStarted = onTestFinished } = options;
  onStarted(async () => {
    child.kill('SIGKILL');
    await exited;
  });

  const parse = (): LogLine[] =>
    output.stdout
      .split('\n')
      .slice(0, -1)
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as LogLine);
  return {
    get stdout() {
      return output.stdout;
    },
    get stderr() {
      return output.stderr;
    },
    get lines() {
      return parse();
    },
    pid: child.pid ?? 0,
    exited,
    kill: (signal) => void child.kill(signal),
    type: (text) => void child.stdin.write(text),
    endInput: () => void child.stdin.end(),
    closeOutput: () => void child.stdout.destroy(),
    output: (pattern) => output.output(pattern),
    errors: (pattern) => output.errors(pattern),
    log: (msg) =>
      output.until(String(msg), () =>
        parse().find((line) => (typeof msg === 'string' ? line.msg === msg : msg.test(line.msg))),
      ),
  };
}

/** Runs `agent-ws` to its end. */
export async function runCli(
  args: readonly string[],
  options: CliOptions = {},
): Promise<{ code: number | string; stdout: string; stderr: string }> {
  const cli = startCli(args, options);
  const code = await cli.exited;
  return { code, stdout: cli.stdout, stderr: cli.stderr };
}
