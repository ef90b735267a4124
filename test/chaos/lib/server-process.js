import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const SCRIPT = fileURLToPath(new URL('../processes/server.js', import.meta.url));
const running = new Set();

/** Ends every server at once. */
export function killAll() {
  for (const child of running) child.kill('SIGKILL');
}

/** The server in a process of its own, so that it can be killed. */
export class ServerProcess {
  #child;

  /** Starts it and waits until it listens. @returns {Promise<ServerProcess>} */
  static async start(options) {
    const server = new ServerProcess(options);
    const answer = await server.#next();
    server.port = answer.port;
    server.nodeId = answer.nodeId;
    return server;
  }

  constructor(options) {
    this.#child = spawn(process.execPath, [SCRIPT, JSON.stringify(options)], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    running.add(this.#child);
    this.#child.once('exit', () => running.delete(this.#child));
  }

  /** How many runs are in progress, in memory and in the database, and what the server warned of. */
  async state() {
    this.#child.send('state');
    return this.#next();
  }

  async kill() {
    this.#child.kill('SIGKILL');
    await this.#exited();
  }

  /** Closes it in order. @returns {Promise<number>} its exit code */
  async stop() {
    this.#child.send('stop');
    return this.#exited();
  }

  async #exited() {
    const [code] = await once(this.#child, 'exit');
    return code;
  }

  async #next() {
    const ended = once(this.#child, 'exit').then(([code, signal]) => {
      throw new Error(`The server ended with ${code ?? signal}`);
    });
    ended.catch(() => {});
    const [message] = await Promise.race([once(this.#child, 'message'), ended]);
    return message;
  }
}
