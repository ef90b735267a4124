import { spawn } from 'node:child_process';
import { expect, it, onTestFinished } from 'vitest';
import { FaultProxy } from '../../src/testing/index.js';
import { bundle } from '../helpers/bundle.js';
import { startServer } from '../helpers/server.js';

const PROGRAM = await bundle(new URL('../helpers/client-and-exit.ts', import.meta.url));

it.each([
  ['works', false],
  ['died without a word', true],
])(
  'a closed client whose connection %s keeps no process alive',
  async (_case, isDead) => {
    const { port } = await startServer();
    const proxy = await FaultProxy.start({ target: port });
    onTestFinished(() => proxy.close());
    const child = spawn(process.execPath, [PROGRAM, proxy.url()], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    await expect.poll(() => output, { timeout: 20_000 }).toBe('connected\n');
    if (isDead) proxy.stall();
    child.stdin.write('close\n');
    // Much less than `ws` waits for the answer to a close.
    await expect.poll(() => child.exitCode, { timeout: 20_000 }).toBe(0);
    expect(output).toBe('connected\nexits\n');
  },
  50_000,
);
