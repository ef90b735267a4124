import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, onTestFinished } from 'vitest';
import { TestClient } from '../../src/testing/index.js';
import { CLIENT_SECRET_PREFIX } from '../../src/protocol/version.js';
import { ROOT } from '../helpers/build.js';

/** All clients are one owner, as the tabs of a browser are. */
const ONE_OWNER = CLIENT_SECRET_PREFIX + randomBytes(16).toString('hex');

/** What {@link connectTo} takes. */
export interface ConnectOptions {
  readonly negotiate?: boolean;
  readonly headers?: Record<string, string>;
  readonly timeoutMs?: number;
}

/** A client of the documented core; with `negotiate` one that knows all of the protocol. */
export function connectTo(
  endpoint: string,
  { negotiate = false, headers, timeoutMs }: ConnectOptions = {},
): Promise<TestClient> {
  return TestClient.connect(endpoint, {
    negotiate,
    timeoutMs,
    ...(negotiate && headers === undefined && { protocols: [ONE_OWNER] }),
    ...(headers !== undefined && { headers }),
  });
}

/** A running example. */
export interface Example {
  /** What it printed when it was ready. */
  readonly url: URL;
  /** Its WebSocket endpoint. */
  readonly endpoint: string;
  /** {@link connectTo} its endpoint. */
  connect(options?: ConnectOptions): Promise<TestClient>;
  /** Waits until it printed this pattern, and returns what matches. */
  printed(pattern: string): Promise<string>;
  /** Types this into its terminal. */
  type(text: string): void;
  /** Everything it printed, once it has ended by itself; rejects where it failed. */
  readonly story: Promise<string>;
  /** Sends SIGTERM, or another signal; resolves to the exit code, or the signal where it had no say. */
  stop(signal?: NodeJS.Signals): Promise<number | NodeJS.Signals | null>;
}

/** Takes what ends something. */
type Ends = (end: () => Promise<void>) => void;

/** Ends what the hooks of a file start, after its tests. To be called where tests are declared: a hook cannot add hooks. */
export function endsWithFile(): Ends {
  const all: (() => Promise<void>)[] = [];
  afterAll(() => Promise.all(all.map((end) => end())));
  return (end) => void all.push(end);
}

/**
 * Runs a file of `examples/` as its first lines say, on a free port, and waits until it is ready. It ends with the test,
 * unless `onStarted` takes what ends it.
 */
export async function startExample(
  file: string,
  env: Readonly<Record<string, string>> = {},
  args: readonly string[] = [],
  onStarted: Ends = onTestFinished,
): Promise<Example> {
  const loader = file.endsWith('.ts') ? ['--import', import.meta.resolve('tsx')] : [];
  const child = spawn(process.execPath, [...loader, join(ROOT, 'examples', file), ...args], {
    cwd: join(ROOT, 'examples'),
    env: { PATH: process.env['PATH'], PORT: '0', ...env },
    stdio: 'pipe',
  });
  let output = '';
  let ended = false;
  const checks = new Set<() => void>();
  const onText = (text: string): void => {
    output += text;
    for (const check of [...checks]) check();
  };
  child.stdout.setEncoding('utf8').on('data', onText);
  child.stderr.setEncoding('utf8').on('data', onText);
  const exited = new Promise<number | NodeJS.Signals | null>((resolve) => {
    child.once('close', (code, signal) => {
      ended = true;
      resolve(code ?? signal);
      for (const check of [...checks]) check();
    });
  });
  onStarted(async () => {
    child.kill('SIGKILL');
    await exited;
  });

  function until(pattern: RegExp): Promise<string> {
    return new Promise((resolve, reject) => {
      const check = (): void => {
        const found = pattern.exec(output)?.[0];
        if (found === undefined && !ended) return;
        checks.delete(check);
        if (found !== undefined) resolve(found);
        else reject(new Error(`${file} ended before it printed ${String(pattern)}\n${output}`));
      };
      checks.add(check);
      check();
    });
  }

  const url = new URL(await until(/^(?:http|ws):\/\/127\.0\.0\.1:[1-9]\d*\/\S*$/m));
  const endpoint = `ws://${url.host}/ws/agent`;
  return {
    url,
    endpoint,
    connect: (options) => connectTo(endpoint, options),
    printed: (pattern) => until(new RegExp(pattern)),
    type: (text) => {
      child.stdin.write(text);
    },
    get story() {
      return exited.then((exit) => {
        if (exit !== 0) throw new Error(`${file} ended with ${exit}\n${output}`);
        return output;
      });
    },
    stop: (signal = 'SIGTERM') => {
      child.kill(signal);
      return exited;
    },
  };
}
