import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { bundle } from './bundle.js';

const SCRIPT = await bundle(new URL('sqlite-writer.ts', import.meta.url));

/** Another process that has a database open. */
export class SqliteProcess {
  /** Its output so far. */
  readonly lines: string[] = [];
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;

  private constructor(path: string, mode: 'write' | 'hold') {
    this.#child = spawn(process.execPath, [SCRIPT, path, mode], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#exited = once(this.#child, 'close');
    if (this.#child.stdout === null) throw new Error('The process has no output');
    createInterface({ input: this.#child.stdout }).on('line', (line) => void this.lines.push(line));
  }

  /** Starts the process and waits until it has opened the database. */
  static async start(path: string, mode: 'write' | 'hold'): Promise<SqliteProcess> {
    const started = new SqliteProcess(path, mode);
    await started.until(1);
    return started;
  }

  /** Waits for so many lines of output. */
  async until(lines: number): Promise<void> {
    while (this.lines.length < lines) {
      if (this.#child.stdout === null || (this.#child.exitCode ?? this.#child.signalCode) !== null)
        throw new Error('The process ended by itself');
      await Promise.race([once(this.#child.stdout, 'data'), this.#exited]);
    }
  }

  /** Kills the process without warning, and waits until its output has arrived. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exited;
  }
}
