import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { onTestFinished, vi } from 'vitest';
import { freePort } from './free-port.js';
import type { RedisServer } from './redis.js';
import { temporaryDirectory } from './temporary-directory.js';

/** The name of the master for Sentinel. */
export const MASTER = 'main';

/** A Sentinel that watches over one master, and decides alone. */
export interface Sentinel {
  readonly port: number;
}

/** Starts a Sentinel that ends with the test, and waits until it knows one replica of the master. */
export async function startSentinel(master: RedisServer, password: string): Promise<Sentinel> {
  const port = await freePort();
  const file = join(temporaryDirectory(), 'sentinel.conf');
  const lines = [
    `port ${port}`,
    'bind 127.0.0.1',
    `sentinel monitor ${MASTER} 127.0.0.1 ${master.port} 1`,
    `sentinel auth-pass ${MASTER} ${password}`,
    `sentinel down-after-milliseconds ${MASTER} 300`,
    `sentinel failover-timeout ${MASTER} 3000`,
  ];
  writeFileSync(file, lines.join('\n'));
  const child = spawn('redis-server', [file, '--sentinel'], { stdio: ['ignore', 'ignore', 'inherit'] });
  onTestFinished(async () => {
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  });
  await vi.waitUntil(async () => (await masters(port)).includes('slaves=1'), { timeout: 20_000, interval: 50 });
  return { port };
}

function masters(port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.end('INFO sentinel\r\nQUIT\r\n'));
    let answer = '';
    socket.setEncoding('utf8').on('data', (text: string) => (answer += text));
    socket.once('error', () => undefined).once('close', () => resolve(answer));
  });
}
