import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';

/** The root of the checkout. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/**
 * Brings `dist` up to date before tests that use the package as its users do. Types take most of the time to build, so
 * they are built only for tests that read them.
 */
export function setup({ name }: TestProject): void {
  const args = [join(ROOT, 'scripts/build-if-stale.js'), ...(name === 'package' ? [] : ['--no-dts'])];
  try {
    execFileSync(process.execPath, args, { stdio: 'pipe', encoding: 'utf8' });
  } catch (error) {
    const { stdout, stderr } = error as { readonly stdout: string; readonly stderr: string };
    throw new Error(`The build failed\n${stdout}\n${stderr}`, { cause: error });
  }
}
