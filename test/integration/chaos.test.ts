import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { missingRedis } from '../helpers/redis.js';
import { IS_LONG } from '../helpers/schedules.js';

const PROGRAM = fileURLToPath(new URL('../chaos/run.js', import.meta.url));

// `npm run chaos` takes longer; see test/chaos/README.md for what is checked.
it.each(
  IS_LONG
    ? [
        ['many connections break and the server is killed', '--clients 100 --seconds 40 --kills 4 --tokens 80'],
        ['the server is killed a dozen times', '--clients 10 --seconds 14 --kills 12 --tokens 12'],
      ]
    : [['connections break and the server is killed', '--clients 6 --seconds 5 --kills 2 --tokens 30']],
)('keeps every promise while %s', { timeout: 240_000 }, (_, settings) => play(settings));

it.skipIf(missingRedis() !== '')(
  `keeps every promise while nodes of a cluster and its Redis are killed${missingRedis()}`,
  { timeout: 240_000 },
  () =>
    play(
      IS_LONG
        ? '--cluster --clients 60 --seconds 60 --kills 20 --tokens 80'
        : '--cluster --clients 6 --seconds 5 --kills 3 --tokens 30',
    ),
);

async function play(settings: string): Promise<void> {
  const child = spawn(process.execPath, [PROGRAM, ...settings.split(' ')], { stdio: ['ignore', 'pipe', 'pipe'] });
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
}
