import { spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const canPin = spawnSync('taskset', ['-c', '0', 'true']).status === 0;
const children = new Set();

/** Whether processes are pinned to cores. */
export const pinned = canPin;

/** Moves this process to a core as well. */
export function pinSelf(core) {
  if (canPin) spawnSync('taskset', ['-acp', String(core), String(process.pid)]);
}

/** Ends every child at once. */
export function killAll() {
  for (const child of children) child.kill('SIGKILL');
}

/** Starts a process on a core. It ends with this one. */
export function spawnOn(core, [program, ...args], options) {
  const [first, ...rest] = canPin ? ['taskset', '-c', String(core), program, ...args] : [program, ...args];
  const child = spawn(first, rest, options);
  children.add(child);
  child.on('exit', () => children.delete(child));
  return child;
}

/** One process of the benchmark, asked over its IPC channel and never over the sockets being measured. */
export class Child {
  #process;
  #pending = new Map();
  #nextId = 1;
  #ready;
  #ended = null;

  /**
   * @param {string} script file below `test/bench/processes`
   * @param {{ core: number, args?: string[], env?: Record<string, string> }} options `env`: besides that of this process
   */
  constructor(script, { core, args = [], env = {} }) {
    const path = fileURLToPath(new URL(`../processes/${script}`, import.meta.url));
    this.#process = spawnOn(core, [process.execPath, '--expose-gc', path, ...args], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      // JSON makes null of an answer that never came, which is Infinity.
      serialization: 'advanced',
      env: { ...process.env, ...env },
    });
    this.#ready = new Promise((resolve, reject) => {
      this.#pending.set(0, { resolve, reject });
    });
    this.#ready.catch(() => {});
    this.#process.on('message', ({ id, result, error }) => {
      const call = this.#pending.get(id);
      this.#pending.delete(id);
      if (error === undefined) call?.resolve(result);
      else call?.reject(new Error(`${script}: ${error}`));
    });
    this.#process.on('exit', (code, signal) => {
      this.#ended = new Error(`${script} ended (${signal ?? `exit code ${code}`})`);
      for (const { reject } of this.#pending.values()) reject(this.#ended);
      this.#pending.clear();
    });
  }

  /** Resolves with what the process said when it was ready. */
  get ready() {
    return this.#ready;
  }

  /** Calls a function of the process. */
  call(name, params = {}, timeoutMs = 60_000) {
    if (this.#ended) return Promise.reject(this.#ended);
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#pending.delete(id);
        reject(new Error(`${name} did not answer within ${timeoutMs} ms`));
      }, timeoutMs);
      this.#pending.set(id, {
        resolve: (value) => {
          clearTimeout(timer);
          resolve(value);
        },
        reject: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      });
      this.#process.send({ id, name, params });
    });
  }

  /** Ends the process and resolves when it is gone. */
  async stop() {
    if (this.#ended) return;
    const gone = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.kill('SIGKILL');
    await gone;
  }
}
