import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { TestProject } from 'vitest/node';
import { foldersOf, ROOT } from './build.js';

/** The package as users get it. */
export interface InstalledPackage {
  /** The tarball that would be published. */
  readonly tarball: string;
  /** The files of the tarball, as `npm pack` lists them: paths, sorted. */
  readonly files: readonly string[];
  /** A project with only this package installed. */
  readonly app: string;
}

declare module 'vitest' {
  interface ProvidedContext {
    installed: InstalledPackage;
  }
}

/** Packs the package and installs it, once for all tests of `test/package`. They get it by `inject('installed')`. */
export function setup(project: TestProject): (() => void) | undefined {
  if (!foldersOf(project).includes('package')) return undefined;
  const directory = mkdtempSync(join(tmpdir(), 'agent-ws-package-'));
  const app = join(directory, 'app');
  mkdirSync(app);
  // An optional peer, as in a workspace: one directory above the application, so that the installed packages can be
  // counted.
  mkdirSync(join(directory, 'node_modules'));
  for (const peer of ['react', 'prom-client', '@opentelemetry/api']) {
    mkdirSync(dirname(join(directory, 'node_modules', peer)), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules', peer), join(directory, 'node_modules', peer));
  }
  writeFileSync(join(app, 'package.json'), JSON.stringify({ name: 'app', private: true, type: 'module' }));

  const packed: unknown = JSON.parse(
    npm(['pack', '--json', '--ignore-scripts', '--pack-destination', directory], ROOT),
  );
  const { filename, files } = manifestOf(packed);
  const tarball = join(directory, filename);
  npm(['install', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund', tarball], app);
  project.provide('installed', { tarball, files: files.map(({ path }) => path).sort(), app });
  return () => {
    rmSync(directory, { recursive: true, force: true });
  };
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

interface Manifest {
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

/** One package is an array up to npm 11 and an object from npm 12 on. */
function manifestOf(packed: unknown): Manifest {
  const [manifest] = Object.values(packed as Record<string, Manifest>);
  if (manifest === undefined) throw new Error('npm pack listed nothing');
  return manifest;
}

function npm(args: readonly string[], cwd: string): string {
  return execFileSync('npm', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}
