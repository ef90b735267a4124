import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { afterAll, expect, it, onTestFinished } from 'vitest';
import type * as openai from '../../src/providers/openai.js';
import type * as redis from '../../src/stores/redis.js';
import { askedBy } from '../helpers/asker.js';
import { startOpenAiUpstream } from '../helpers/openai-upstream.js';

const CACHE = fileURLToPath(new URL('../../node_modules/.cache/agent-ws', import.meta.url));
mkdirSync(CACHE, { recursive: true });
const outdir = mkdtempSync(join(CACHE, 'bundled-'));
afterAll(() => rmSync(outdir, { recursive: true, force: true }));

// As an application is bundled for a server: with all packages, and what is imported later in files of its own.
await build({
  entryPoints: {
    openai: fileURLToPath(new URL('../../src/providers/openai.ts', import.meta.url)),
    redis: fileURLToPath(new URL('../../src/stores/redis.ts', import.meta.url)),
  },
  bundle: true,
  splitting: true,
  outdir,
  format: 'esm',
  outExtension: { '.js': '.mjs' },
  platform: 'node',
  target: 'node20',
  // The packages of CommonJS require modules of Node.
  banner: { js: "import { createRequire as r } from 'node:module'; const require = r(import.meta.url);" },
  logLevel: 'error',
});

const bundled = async <T>(name: string): Promise<T> =>
  (await import(pathToFileURL(join(outdir, `${name}.mjs`)).href)) as T;

it('asks a model', async () => {
  const upstream = await startOpenAiUpstream({ tokens: ['From ', 'upstream'] });
  onTestFinished(() => upstream.close());
  const { createOpenAiProvider } = await bundled<typeof openai>('openai');
  const provider = createOpenAiProvider({ apiKey: 'k', baseUrl: upstream.url, model: 'm' });
  const parts = [];
  const request = { messages: [{ role: 'user', content: 'hello' } as const], tools: [] };
  for await (const batch of provider.stream(request, askedBy())) parts.push(batch);
  expect(JSON.stringify(parts)).toContain('upstream');
});

it('connects to Redis', async () => {
  const server = createServer((socket) => socket.destroy());
  onTestFinished(() => void server.close());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const { createRedisStore } = await bundled<typeof redis>('redis');
  const connected = once(server, 'connection');
  const store = createRedisStore({ url: `redis://127.0.0.1:${port}` });
  // Nothing else is asked of this server. The store gives up later.
  await Promise.race([connected, store]);
  store.catch(() => undefined);
});
