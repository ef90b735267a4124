import { createClient } from '@redis/client';
import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LOAD_CORE } from './bench.js';
import { spawnOn } from './child.js';

const ATTEMPTS = 3;

/** A Redis of the benchmark, with the settings that docs/cluster.md recommends. */
export class Redis {
  #process;
  #client;
  #directory;

  constructor(url, process, client, directory) {
    this.url = url;
    this.#process = process;
    this.#client = client;
    this.#directory = directory;
  }

  /** Starts it on a free port. Resolves when it answers. */
  static async start() {
    for (let attempt = 1; ; attempt++) {
      const port = await freePort();
      const directory = mkdtempSync(join(tmpdir(), 'agent-ws-bench-redis-'));
      const settings = {
        port,
        bind: '127.0.0.1',
        dir: directory,
        save: '',
        appendonly: 'yes',
        appendfsync: 'everysec',
      };
      const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
      const process = spawnOn(LOAD_CORE, ['redis-server', ...args], { stdio: ['ignore', 'ignore', 'inherit'] });
      const url = `redis://127.0.0.1:${port}`;
      const client = createClient({ url, socket: { reconnectStrategy: () => 20 } });
      client.on('error', () => {});
      try {
        const ended = once(process, 'exit').then(([code]) => {
          throw new Error(`redis-server ended with exit code ${code}`);
        });
        await Promise.race([client.connect(), ended]);
        return new Redis(url, process, client, directory);
      } catch (error) {
        client.destroy();
        rmSync(directory, { recursive: true, force: true });
        // Another program may have taken the port meanwhile.
        if (attempt === ATTEMPTS) throw error;
      }
    }
  }

  /** CPU time of all its threads so far, in milliseconds. */
  async cpuMs() {
    const info = await this.#client.info('cpu');
    const seconds = (name) => Number(new RegExp(`^${name}:(\\S+)`, 'm').exec(info)[1]);
    return (seconds('used_cpu_user') + seconds('used_cpu_sys')) * 1000;
  }

  async stop() {
    this.#client.destroy();
    this.#process.kill('SIGKILL');
    await once(this.#process, 'exit');
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
