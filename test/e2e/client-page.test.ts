import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { Page } from 'playwright-core';
import { beforeAll, expect, it, onTestFinished } from 'vitest';
import type { AgentClient } from '../../src/client/index.js';
import { FaultProxy } from '../../src/testing/index.js';
import { launchBrowser } from '../helpers/browser.js';
import { borrowPage, returnPage } from '../helpers/pages.js';
import { startServer } from '../helpers/server.js';

/** What the page has as globals. */
declare const createAgentClient: (options: object) => AgentClient;
declare const client: AgentClient;

const PATIENT = { timeout: 20_000 };
let code: string;

beforeAll(async () => {
  const bundled = build({
    stdin: {
      contents: "export { createAgentClient } from './index.ts'",
      resolveDir: fileURLToPath(new URL('../../src/client', import.meta.url)),
    },
    bundle: true,
    format: 'iife',
    globalName: 'library',
    footer: { js: 'globalThis.createAgentClient = library.createAgentClient' },
    platform: 'browser',
    write: false,
  });
  code = (await bundled).outputFiles[0]?.text ?? '';
});

/** A page below /app/ beside the service, with a proxy between client and service. */
async function open(hasBackForwardCache = false): Promise<{ page: Page; proxy: FaultProxy; origin: string }> {
  const { http, origin, port, agent } = await startServer({ path: '/app/ws/agent' });
  const proxy = await FaultProxy.start({ target: port });
  onTestFinished(() => proxy.close());
  http.off('request', agent.requestListener);
  http.on('request', ({ url }, response) => {
    const isScript = url === '/client.js';
    response.writeHead(200, { 'Content-Type': isScript ? 'text/javascript' : 'text/html' });
    response.end(
      isScript ? code : '<!doctype html><base href="/app/"><title>x</title><script src="/client.js"></script>',
    );
  });
  const page = await (hasBackForwardCache ? pageWithCache() : borrowPage());
  if (!hasBackForwardCache) onTestFinished(() => returnPage(page));
  await page.goto(`${origin}/app/deep/route`);
  return { page, proxy, origin };
}

async function pageWithCache(): Promise<Page> {
  const browser = await launchBrowser({ hasBackForwardCache: true });
  onTestFinished(() => browser.close());
  return browser.newPage();
}

/** Connects with waits of ten minutes, so that nothing comes of waiting. */
const connect = (page: Page, options: object) =>
  page.evaluate((given) => {
    Math.random = () => 1;
    Object.assign(globalThis, {
      client: createAgentClient({ backoff: { baseMs: 600_000, capMs: 600_000 }, ...given }),
    });
    return client.connect();
  }, options);
const state = (page: Page) => page.evaluate(() => client.state);

it('takes a relative URL as relative to the base of the page', async () => {
  const { page } = await open();
  await connect(page, { url: 'ws/agent' });
  expect(await page.evaluate(async () => (await client.ask('x')).text)).toBe('Hello');
});

it('is connected again when the page comes back from the back-forward cache', async () => {
  const { page, origin } = await open(true);
  await connect(page, { url: 'ws/agent' });
  await page.evaluate(() => {
    Object.assign(globalThis, { isTheSame: true });
  });
  await page.goto(`${origin}/other`);
  await page.goBack({ waitUntil: 'commit' });
  expect(await page.evaluate(() => 'isTheSame' in globalThis)).toBe(true);
  await expect.poll(() => state(page), PATIENT).toBe('connected');
  expect(await page.evaluate(async () => (await client.ask('x')).text)).toBe('Hello');
});

it('finds a dead connection, and a server that is there again, when the person looks at the page', async () => {
  const { page, proxy } = await open();
  const look = () => page.evaluate("document.dispatchEvent(new Event('visibilitychange'))");
  await connect(page, {
    url: proxy.url('/app/ws/agent'),
    silenceMs: 600_000,
    pongTimeoutMs: 600_000,
  });
  for (const connection of proxy.connections) connection.apply({ stalled: true });
  await look();
  expect(await page.evaluate(async () => (await client.ask('x')).text)).toBe('Hello');
  proxy.refuses = true;
  proxy.cutAll('rst');
  await expect.poll(() => state(page), PATIENT).toBe('waiting');
  proxy.refuses = false;
  await look();
  await expect.poll(() => state(page), PATIENT).toBe('connected');
});

it('leaves nothing listening in the page after the end', async () => {
  const { page } = await open();
  await connect(page, { url: 'ws/agent' });
  await page.evaluate(() => client.close());
  await page.evaluate("dispatchEvent(new Event('online')); document.dispatchEvent(new Event('visibilitychange'))");
  expect(await state(page)).toBe('closed');
});
