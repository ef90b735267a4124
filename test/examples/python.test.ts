import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { ROOT } from '../helpers/build.js';
import { startExample } from './example.js';

it('python_client.py talks to the service over all of the documented core', async () => {
  const { endpoint } = await startExample('http.mjs');
  const client = join(ROOT, 'examples/python_client.py');
  const { stdout, stderr } = await promisify(execFile)('python3', [client, endpoint], { timeout: 18_000 });
  expect(stderr).toBe('');
  expect(stdout.trimEnd().split('\n')).toEqual([
    'connected: Connected to Agent WebSocket',
    expect.stringMatching(/^pong: 1\d{9}\.\d+$/),
    'status: processing',
    expect.stringMatching(/^answer of demo: .*42/),
    expect.stringMatching(/^stream: .{20,}/),
    ...stdout.trimEnd().split('\n').slice(5, -3),
    'tool result: 579',
    'cancelled',
    'still connected',
  ]);
});
