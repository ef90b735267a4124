import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join, parse } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll } from 'vitest';

/** Inside the package, so that a bundle finds what the sources find: packages, and the built page. */
const CACHE = fileURLToPath(new URL('../../node_modules/.cache/agent-ws', import.meta.url));

/**
 * Bundles a program of the sources and returns its path. The bundle is removed after the tests of the file. A loader
 * that translates each file would take most of a second at every start, and tests start dozens of programs.
 */
export async function bundle(program: URL): Promise<string> {
  mkdirSync(CACHE, { recursive: true });
  const outDir = mkdtempSync(join(CACHE, 'bundle-'));
  afterAll(() => rmSync(outDir, { recursive: true, force: true }));
  const entry = fileURLToPath(program);
  await build({
    entryPoints: [entry],
    bundle: true,
    outdir: outDir,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    packages: 'external',
  });
  return join(outDir, `${parse(entry).name}.js`);
}
