import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { TestClient } from '../../src/testing/index.js';
import { ROOT } from '../helpers/build.js';
import { installed, run } from '../helpers/package.js';

const { app } = await installed();
const bin = join(app, 'node_modules/.bin/agent-ws');

it('says its version through npx', async () => {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
  const { code, stdout } = await run('npx', ['--offline', 'agent-ws', '--version'], { cwd: app });
  expect({ code, stdout }).toEqual({ code: 0, stdout: `${version}\n` });
});

it('says its version at once through npx in the checkout itself, whatever npx remembers', async () => {
  const cache = mkdtempSync(join(tmpdir(), 'agent-ws-npx-'));
  onTestFinished(() => rmSync(cache, { recursive: true, force: true }));
  const built = statSync(join(ROOT, 'dist/index.cjs')).mtimeMs;
  const { code, stderr } = await run('npx', ['--offline', '--cache', cache, 'agent-ws', '--version'], { cwd: ROOT });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(statSync(join(ROOT, 'dist/index.cjs')).mtimeMs).toBe(built);
});

it('serves endpoint, test page, documents and statistics as installed', async () => {
  const child = spawn(bin, ['serve', '--host', '127.0.0.1', '--log-format', 'json'], {
    cwd: app,
    env: { PATH: process.env['PATH'], PORT: '0' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let errors = '';
  child.stderr.on('data', (text: Buffer) => (errors += text.toString()));
  const exited = new Promise((resolve) => child.once('exit', resolve));
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await exited;
  });
  const urls = await new Promise<Record<'endpoint' | 'testPage' | 'docs' | 'statistics', string>>((resolve, reject) => {
    let output = '';
    child.stdout.on('data', (text: Buffer) => {
      output += text.toString();
      const line = /^\{.*"endpoint".*\}$/m.exec(output)?.[0];
      if (line !== undefined) resolve(JSON.parse(line) as never);
    });
    child.once('exit', () => reject(new Error(`It ended before it listened\n${output}\n${errors}`)));
  });

  for (const url of [urls.testPage, urls.docs]) {
    const page = await (await fetch(url)).text();
    expect(page).toContain('<!doctype html>');
    // Everything the page asks for is in the package.
    const assets = [...page.matchAll(/(?:src|href)="([^"#:]+)"/g)].map(([, path]) => path ?? '');
    expect(assets.length).toBeGreaterThan(1);
    for (const path of assets) expect((await fetch(new URL(path, url))).status, path).toBe(200);
  }
  expect(await (await fetch(`${urls.docs}/asyncapi.json`)).json()).toMatchObject({ asyncapi: '3.0.0' });
  expect(await (await fetch(urls.statistics)).json()).toMatchObject({ active_connections: 0 });

  const client = await TestClient.connect(urls.endpoint);
  expect(await client.ask({ type: 'agent_query', query: 'What is 6 * 7?' })).toMatchObject({
    type: 'agent_response',
    vendor: 'demo',
    content: expect.stringContaining('42') as string,
  });
  child.kill('SIGTERM');
  expect(await client.closed).toMatchObject({ code: 1012 });
  expect(await exited).toBe(0);
  expect(errors).toBe('');
});
