import { readFileSync, renameSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { TestClient } from '../../src/testing/index.js';
import { startCli, type CliProcess } from '../helpers/cli-process.js';
import { freePort } from '../helpers/free-port.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';

async function start(flags: readonly string[], cwd = temporaryDirectory()): Promise<{ cli: CliProcess; url: string }> {
  const cli = startCli(['serve', '--host', '127.0.0.1', '--port', '0', ...flags], { cwd });
  return { cli, url: String((await cli.log('Listening'))['endpoint']) };
}

/** The status of a GET with this Host. */
async function statusOf(url: string, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    request(url, { headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    })
      .on('error', reject)
      .end();
  });
}

const routeOf = (url: string): string => new URL('/metrics', url.replace('ws:', 'http:')).href;

it('serves no metrics unless told', async () => {
  const { url } = await start([]);
  expect((await fetch(routeOf(url))).status).toBe(404);
});

it('serves metrics at its own port, under the same rules for the Host', async () => {
  const { url } = await start(['--metrics']);
  const client = await TestClient.connect(url);
  await client.ask({ type: 'agent_query', query: '1+1' });
  const text = await (await fetch(routeOf(url))).text();
  expect(text).toMatch(/^agent_ws_tokens_total\{direction="output",model="demo[^"]*"\} \d+$/m);
  expect(text).toMatch(/^nodejs_eventloop_lag_p99_seconds /m);
  expect(await statusOf(routeOf(url), 'evil.example')).toBe(403);
});

it('serves metrics at an address of their own, also while it stops', async () => {
  const port = await freePort();
  const { cli, url } = await start(['--metrics', String(port)]);
  const metrics = `http://127.0.0.1:${port}/metrics`;
  expect((await fetch(routeOf(url))).status).toBe(404);
  expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(404);
  expect((await fetch(metrics, { method: 'POST' })).status).toBe(405);
  expect(await statusOf(metrics, 'evil.example')).toBe(403);
  const client = await TestClient.connect(url);
  client.send({ type: 'streaming_query', query: 'Tell me a long story' });
  await client.next('stream_chunk');
  cli.kill('SIGTERM');
  await client.next('going_away');
  expect(await (await fetch(metrics)).text()).toContain('agent_ws_runs{state="running"} 1');
  expect(await cli.exited).toBe(0);
});

it('says which setting names an address that is taken', async () => {
  const { url } = await start([]);
  const cli = startCli(['serve', '--host', '127.0.0.1', '--port', '0', '--metrics', new URL(url).port]);
  expect(await cli.exited).toBe(1);
  expect(cli.stderr).toMatch(/^--metrics: \d+ is already in use/);
});

it('writes its audit to a file that SIGHUP opens anew', async () => {
  const cwd = temporaryDirectory();
  const { cli, url } = await start(['--audit-file', 'audit'], cwd);
  const client = await TestClient.connect(url);
  await client.ask({ type: 'tool_call', tool_name: 'calculator', params: { expression: '123456 * 2' } });
  await vi.waitFor(() => expect(readFileSync(join(cwd, 'audit'), 'utf8')).toContain('"code":"ok"'));
  renameSync(join(cwd, 'audit'), join(cwd, 'audit.1'));
  cli.kill('SIGHUP');
  await cli.log(/^Going on/);
  await client.close();
  cli.kill('SIGTERM');
  expect(await cli.exited).toBe(0);
  const eventsOf = (name: string): unknown[] =>
    readFileSync(join(cwd, name), 'utf8')
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { event: unknown }).event);
  expect(eventsOf('audit.1')).toEqual(['connected', 'run', 'tool']);
  expect(eventsOf('audit')).toEqual(['disconnected']);
  expect(readFileSync(join(cwd, 'audit.1'), 'utf8')).not.toMatch(/123456|246912/);
});
