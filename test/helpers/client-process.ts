import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { onTestFinished } from 'vitest';

const ws = createRequire(import.meta.url).resolve('ws');

/** Connects, reports that, and answers pings until it is stopped. */
const PROGRAM = `
const { WebSocket } = require(${JSON.stringify(ws)});
const clients = Number(process.argv[2]);
let open = 0;
for (let i = 0; i < clients; i++) {
  const socket = new WebSocket(process.argv[1]);
  socket.on('message', () => { if (++open === clients) process.send('connected'); });
  socket.on('close', (code) => process.send({ code }));
  socket.on('error', () => undefined);
}
`;

/** Clients in a separate process: stopping it, or blocking the process of the test, affects nothing else. */
export async function clientProcess(url: string, clients = 1): Promise<{ child: ChildProcess; codes: number[] }> {
  const child = spawn(process.execPath, ['-e', PROGRAM, url, String(clients)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const codes: number[] = [];
  child.on('message', (message) => {
    if (typeof message === 'object' && 'code' in message) codes.push(Number(message.code));
  });
  await once(child, 'message');
  return { child, codes };
}
