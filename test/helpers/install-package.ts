import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
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
    /** The directory of a project in which the package is being installed. */
    installation: string;
  }
}

/** A file in the directory of the project: the {@link InstalledPackage}, or why there is none. */
export const OUTCOME = 'installed.json';

/** Packs the package and installs it, once for all tests of `test/package`, while others begin: see `installed` in package.ts. */
export function setup(project: TestProject): (() => Promise<void>) | undefined {
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

  project.provide('installation', app);
  const installing = install(directory, app)
    .catch((error: unknown) => ({ failure: String(error) }))
    .then((outcome) => writeFileSync(join(app, OUTCOME), JSON.stringify(outcome)));
  return async () => {
    await installing;
    rmSync(directory, { recursive: true, force: true });
  };
}

async function install(directory: string, app: string): Promise<InstalledPackage> {
  const packed: unknown = JSON.parse(
    await npm(['pack', '--json', '--ignore-scripts', '--pack-destination', directory], ROOT),
  );
  const { filename, files } = manifestOf(packed);
  const tarball = join(directory, filename);
  await npm(['install', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund', tarball], app);
  return { tarball, files: files.map(({ path }) => path).sort(), app };
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

async function npm(args: readonly string[], cwd: string): Promise<string> {
  const { stdout } = await promisify(execFile)('npm', args, { cwd, encoding: 'utf8' });
  return stdout;
}
