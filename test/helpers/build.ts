import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';

/** The checkout. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

const SOURCES = ['src', 'tsup.config.ts', 'tsconfig.json', 'package.json'];
/** Code is written last of all where it is complete; types take longer. */
const CODE = ['dist/index.cjs', 'dist/cli/main.js', 'dist/web/test_websocket.js'];
const TYPES = ['dist/index.d.ts', 'dist/index.d.cts', 'dist/testing.d.cts'];

/**
 * Brings `dist` up to date before tests that use the package as its users get it. Types take half a minute to build,
 * so they are built only for the tests that read them.
 */
export function setup({ name }: TestProject): void {
  const newest = Math.max(...SOURCES.map((path) => newestIn(join(ROOT, path))));
  if (name === 'package' && isStale([...CODE, ...TYPES], newest)) run('npm', ['run', 'build']);
  else if (isStale(CODE, newest)) run('npx', ['tsup', '--no-dts']);
}

function isStale(outputs: readonly string[], newest: number): boolean {
  return outputs.some((path) => !existsSync(join(ROOT, path)) || statSync(join(ROOT, path)).mtimeMs < newest);
}

function newestIn(path: string): number {
  if (!statSync(path).isDirectory()) return statSync(path).mtimeMs;
  return Math.max(...readdirSync(path).map((name) => newestIn(join(path, name))));
}

function run(command: string, args: readonly string[]): void {
  try {
    execFileSync(command, args, { cwd: ROOT, stdio: 'pipe', encoding: 'utf8' });
  } catch (error) {
    const { stdout, stderr } = error as { readonly stdout: string; readonly stderr: string };
    throw new Error(`"${command} ${args.join(' ')}" failed\n${stdout}\n${stderr}`, { cause: error });
  }
}
