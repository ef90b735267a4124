import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';

const PROGRAM = fileURLToPath(new URL('../chaos/run.js', import.meta.url));
const SETTINGS = '--source --clients 40 --seconds 14 --kills 2 --tokens 50'.split(' ');

// The long version is `npm run chaos`; see test/chaos/README.md for what is checked.
it('keeps every promise while connections break and the server is killed', { timeout: 120_000 }, async () => {
  const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), PROGRAM, ...SETTINGS], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  // SIGTERM, so that it ends its server as well.
  onTestFinished(() => void child.kill('SIGTERM'));
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  }
  const [code] = (await once(child, 'close')) as [number | null];
  expect(code, output).toBe(0);
  expect(output).toContain('0 violations');
  // Something was finished, interrupted and resumed, or it proved nothing.
  expect(output).toMatch(/[1-9]\d* stream_end/);
  expect(output).toMatch(/[1-9]\d* run_interrupted/);
  expect(output).toMatch(/ms, [1-9]\d* times: p50/);
});
