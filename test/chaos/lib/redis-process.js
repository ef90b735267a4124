import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { sleep } from '../../bench/lib/clock.js';

const running = new Set();

/** Ends every Redis at once. */
export function killEveryRedis() {
  for (const child of running) child.kill('SIGKILL');
}

/** A Redis that keeps its data in a directory, so that it can be killed and started again. */
export class RedisProcess {
  #port;
  #directory;
  #child;

  /** Starts it and waits until it answers. @returns {Promise<RedisProcess>} */
  static async start(directory) {
    const redis = new RedisProcess(await freePort(), directory);
    await redis.restart();
    return redis;
  }

  constructor(port, directory) {
    this.#port = port;
    this.#directory = directory;
  }

  get url() {
    return `redis://127.0.0.1:${this.#port}`;
  }

  async restart() {
    const place = ['--port', String(this.#port), '--bind', '127.0.0.1', '--dir', this.#directory];
    const child = spawn('redis-server', [...place, '--save', '', '--appendonly', 'yes'], { stdio: 'ignore' });
    running.add(child);
    child.once('exit', () => running.delete(child));
    child.once('error', () => {});
    this.#child = child;
    while (!(await this.#answers())) {
      if (child.exitCode !== null || child.pid === undefined) throw new Error('redis-server does not start');
      await sleep(20);
    }
  }

  async kill() {
    this.#child.kill('SIGKILL');
    await once(this.#child, 'exit');
  }

  #answers() {
    return new Promise((resolve) => {
      const socket = connect(this.#port, '127.0.0.1', () => socket.write('PING\r\n'));
      socket.once('data', (data) => {
        socket.destroy();
        resolve(String(data).startsWith('+PONG'));
      });
      socket.once('error', () => resolve(false));
      socket.once('close', () => resolve(false));
    });
  }
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}
