import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join, parse } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'tsup';
import { afterAll } from 'vitest';

/** Within the package, so that a bundle finds what the sources find: packages, and the page that was built. */
const CACHE = fileURLToPath(new URL('../../node_modules/.cache/agent-ws', import.meta.url));

/**
 * Bundles a program of the sources and gives its path; it is removed after the tests of the file that asks for it. A loader that translates each file
 * anew takes most of a second at every start, and tests start programs by the dozen.
 */
export async function bundle(program: URL): Promise<string> {
  mkdirSync(CACHE, { recursive: true });
  const outDir = mkdtempSync(join(CACHE, 'bundle-'));
  afterAll(() => rmSync(outDir, { recursive: true, force: true }));
  const entry = fileURLToPath(program);
  await build({
    config: false,
    silent: true,
    clean: false,
    entry: [entry],
    outDir,
    format: ['esm'],
    platform: 'node',
    target: 'node20',
    splitting: false,
    skipNodeModulesBundle: true,
  });
  return join(outDir, `${parse(entry).name}.js`);
}
