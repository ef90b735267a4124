import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { expect, it } from 'vitest';

async function bundle(entry: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(`../../../src/client/${entry}`, import.meta.url))],
    bundle: true,
    minify: true,
    format: 'esm',
    // Fails at whatever only Node has.
    platform: 'browser',
    target: 'es2022',
    external: ['react'],
    write: false,
  });
  return outputFiles[0]?.text ?? '';
}

it('takes at most 15.2 KB of a page, compressed', async () => {
  const code = await bundle('index.ts');
  expect(gzipSync(code).length).toBeLessThanOrEqual(15_200);
});

it('needs nothing but what browsers have', async () => {
  const code = await bundle('index.ts');
  expect(code).not.toMatch(/\b(?:Buffer|process|require|setImmediate)\b/);
  expect(code).not.toMatch(/\bfrom\s*"/);
});

it('adds little for React, and the client is not in it twice', async () => {
  const code = await bundle('react.ts');
  expect(gzipSync(code).length).toBeLessThanOrEqual(7_400);
  expect(new Set(code.match(/\bfrom\s*"[^"]+"/g))).toEqual(new Set(['from"react"']));
});
