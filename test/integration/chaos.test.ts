import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';

const PROGRAM = fileURLToPath(new URL('../chaos/run.js', import.meta.url));

// The long version is `npm run chaos`; see test/chaos/README.md for what is checked.
it.each([
  ['connections break and the server is killed', '--clients 40 --seconds 14 --kills 2 --tokens 50'],
  ['the server is killed a dozen times', '--clients 10 --seconds 14 --kills 12 --tokens 12'],
])('keeps every promise while %s', { timeout: 240_000 }, async (_, settings) => {
  const args = ['--import', import.meta.resolve('tsx'), PROGRAM, '--source', ...settings.split(' ')];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
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
