import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { publint } from 'publint';
import { expect, it } from 'vitest';
import { ROOT } from '../helpers/build.js';
import { installed, run } from '../helpers/package.js';

const { tarball, files, app } = await installed();
const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { exports: Record<string, unknown> };

it('holds what its users need, and neither sources nor tests', () => {
  const entries = Object.keys(manifest.exports)
    .filter((path) => path !== './package.json')
    .map((path) => (path === '.' ? 'index' : path.slice('./'.length)));
  const fixed = [
    'CHANGELOG.md',
    'GUARANTEES.md',
    'LICENSE',
    'PROTOCOL.md',
    'README.md',
    'README.zh.md',
    'SECURITY.md',
    'bin/agent-ws.js',
    'dist/cli/main.js',
    'dist/web/docs.css',
    'dist/web/docs.html',
    'dist/web/docs.js',
    'dist/web/favicon.svg',
    'dist/web/test_websocket.css',
    'dist/web/test_websocket.html',
    'dist/web/test_websocket.js',
    'package.json',
    ...readdirSync(join(ROOT, 'docs'))
      .filter((file) => file.endsWith('.md'))
      .map((file) => `docs/${file}`),
    ...entries.flatMap((entry) => ['js', 'cjs', 'd.ts', 'd.cts'].map((extension) => `dist/${entry}.${extension}`)),
  ];
  // What several entries share, under names the bundler makes.
  const shared = files.filter((file) => !fixed.includes(file));
  expect(files).toEqual([...fixed, ...shared].sort());
  for (const file of shared) expect(file).toMatch(/^dist\/(?:web\/)?[a-z-]+(?:\.d)?-[\w-]{8}\.(?:js|d\.ts|d\.cts)$/);
});

it('has a bin that can be run as it is', () => {
  expect(statSync(join(ROOT, 'bin/agent-ws.js')).mode & 0o111).toBe(0o111);
  expect(readFileSync(join(app, 'node_modules/agent-ws/bin/agent-ws.js'), 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
});

it('satisfies publint', async () => {
  const { buffer, byteOffset, byteLength } = readFileSync(tarball);
  const pack = { tarball: buffer.slice(byteOffset, byteOffset + byteLength) };
  const { messages } = await publint({ pack, strict: true });
  expect(messages).toEqual([]);
});

it('resolves to the right types under every resolution of TypeScript', async () => {
  const attw = join(ROOT, 'node_modules/.bin/attw');
  const args = [tarball, '--no-emoji', '--no-color'];
  const { code, stdout } = await run(attw, args, { cwd: ROOT, timeoutMs: 180_000 });
  expect(code, stdout).toBe(0);
  for (const entry of ['', '/protocol', '/openai', '/demo', '/testing']) expect(stdout).toContain(`"agent-ws${entry}"`);
});

it('asks npm to run nothing when it is installed', () => {
  const { scripts } = JSON.parse(readFileSync(join(app, 'node_modules/agent-ws/package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  // npm runs these, and warns of them, for a package that comes as a file or from a repository.
  for (const name of ['preinstall', 'install', 'postinstall', 'prepare']) expect(scripts).not.toHaveProperty(name);
});

it('installs at most 12 packages and 28 MB, none of which needs an install script', async () => {
  const lock = JSON.parse(readFileSync(join(app, 'node_modules/.package-lock.json'), 'utf8')) as {
    packages: Record<string, { hasInstallScript?: boolean }>;
  };
  const packages = Object.entries(lock.packages);
  expect(packages.length).toBeGreaterThan(1);
  expect(packages.length).toBeLessThanOrEqual(12);
  expect(packages.filter(([, { hasInstallScript }]) => hasInstallScript === true)).toEqual([]);

  let bytes = 0;
  for (const entry of await readdir(join(app, 'node_modules'), { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) bytes += statSync(join(entry.parentPath, entry.name)).size;
  }
  expect(bytes).toBeGreaterThan(1e6);
  expect(bytes).toBeLessThanOrEqual(28e6);
});

it('names nothing that only its developers have', () => {
  const text = execFileSync('tar', ['-xzOf', tarball], { encoding: 'utf8', maxBuffer: 64e6 });
  expect(text).not.toContain(ROOT);
  expect(text).not.toMatch(/sourceMappingURL=/);
});
