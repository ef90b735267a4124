import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { inject, vi } from 'vitest';
import { ROOT } from './build.js';
import { OUTCOME, type InstalledPackage } from './install-package.js';

/** The package, installed in a project of its own: as soon as it is. */
export async function installed(): Promise<InstalledPackage> {
  const app = inject('installation');
  const outcome = await vi.waitFor(
    () => JSON.parse(readFileSync(join(app, OUTCOME), 'utf8')) as InstalledPackage | { readonly failure: string },
    { timeout: 120_000, interval: 100 },
  );
  if ('failure' in outcome) throw new Error(`The package cannot be installed: ${outcome.failure}`);
  return outcome;
}

/** The program of a TypeScript compiler, by the name of its package here. */
export function compilerOf(name: 'typescript' | 'typescript-native'): string {
  return join(ROOT, 'node_modules', name, 'bin/tsc');
}

/** The output of a process, and how it ended. */
export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end. A process that hangs is killed, and the promise rejects. */
export async function run(
  file: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env?: Readonly<Record<string, string>>; readonly timeoutMs?: number },
): Promise<Finished> {
  const { cwd, env, timeoutMs = 60_000 } = options;
  try {
    const { stdout, stderr } = await promisify(execFile)(file, args, {
      cwd,
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...env },
      timeout: timeoutMs,
    });
    return { code: 0, stdout, stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as Finished;
    if (typeof code !== 'number') throw error;
    return { code, stdout, stderr };
  }
}
