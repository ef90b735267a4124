import { execFileSync } from 'node:child_process';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';

/** The root of the checkout. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** The folders of the tests that start programs and pages of `dist`, or that install the package. */
export const READS_DIST: readonly string[] = ['integration', 'e2e', 'examples', 'package'];

/** The folder in `test` that a test file lies in. */
export function folderOf(file: string): string {
  return relative(join(ROOT, 'test'), file).split(sep)[0] ?? '';
}

/** The folders of all files that a run plays. */
export function foldersOf({ vitest }: TestProject): string[] {
  return vitest.state.getPaths().map(folderOf);
}

/**
 * Brings `dist` up to date before tests that use the package as its users do. Types take most of the time to build, so
 * they are built only for tests that read them.
 */
export function setup(project: TestProject): void {
  const folders = foldersOf(project);
  if (!folders.some((folder) => READS_DIST.includes(folder))) return;
  const args = [join(ROOT, 'scripts/build-if-stale.js'), ...(folders.includes('package') ? [] : ['--no-dts'])];
  try {
    execFileSync(process.execPath, args, { stdio: 'pipe', encoding: 'utf8' });
  } catch (error) {
    const { stdout, stderr } = error as { readonly stdout: string; readonly stderr: string };
    throw new Error(`The build failed\n${stdout}\n${stderr}`, { cause: error });
  }
}
