import { readFile } from 'node:fs/promises';
import type { BrowserContext } from 'playwright-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openBrowser, PageDriver, PATIENT } from './page-driver.js';
import { PageProvider } from './page-provider.js';
import { startPageServer, type PageServer } from './page-server.js';
import { usePage } from './use-page.js';

const TOKEN = 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhbm5hIn0.c2lnbmVk';

const suite = usePage();
let server: PageServer;
let context: BrowserContext;
let tab: PageDriver;

beforeEach(async () => {
  server = await startPageServer(new PageProvider(), suite.directory);
  context = await openBrowser(suite.browser);
  tab = new PageDriver(await context.newPage());
  await tab.page.goto(server.url);
  await tab.page.waitForSelector('html[data-ready]');
});

afterEach(async () => {
  await context.close();
  await server.close();
  expect(tab.complaints()).toEqual([]);
});

const connect = async (token: string): Promise<void> => {
  await tab.page.getByLabel('Token (optional)').fill(token);
  await tab.page.locator('#connect').click();
};

/** Whom the server takes the page for. */
const whom = () => tab.row('connected').last().textContent();

describe('a token', () => {
  it('says who the person is, and stays in the tab', async () => {
    await connect(TOKEN);
    await tab.isConnected();
    await expect.poll(whom, PATIENT).toContain('connected');
    const owners = [...server.agent.connections].map(({ principal }) => principal.id);
    expect(owners).toEqual([TOKEN]);
    await tab.ask('hello');
    await tab.is('hello', 'finished');
    await tab.page.reload();
    await tab.isConnected();
    await tab.says('hello', 'Hello, world.');
    const kept = await tab.page.evaluate<string>('JSON.stringify({ ...localStorage })');
    expect(kept).not.toContain(TOKEN);
    const other = await PageDriver.connected(context, server.url);
    expect(await other.page.getByLabel('Token (optional)').inputValue()).toBe('');
    expect(other.complaints()).toEqual([]);
  });

  it('stands neither in the log nor in what is exported, even where a server says it back', async () => {
    await tab.page.evaluate(`{
      const Real = WebSocket;
      window.WebSocket = class extends Real {
        get protocol() { return '${TOKEN}'; }
      };
    }`);
    await connect(TOKEN);
    await tab.isConnected();
    await tab.row('open').waitFor();
    const download = tab.page.waitForEvent('download');
    await tab.page.getByRole('button', { name: 'Export this session as JSON' }).click();
    const exported = JSON.parse(await readFile(await (await download).path(), 'utf8')) as {
      connection: { hello: { principal_id: string } };
      messages: { direction: string }[];
    };
    const own = {
      ...exported,
      connection: undefined,
      messages: exported.messages.filter((each) => each.direction !== 'in'),
    };
    expect(exported.connection.hello.principal_id).toBe(TOKEN);
    expect(JSON.stringify(own)).not.toContain(TOKEN);
  });

  it('that the server does not accept is told', async () => {
    await connect('expired');
    await tab.page.locator('#banner', { hasText: '4401' }).waitFor();
    await connect('');
    await tab.isConnected();
    await tab.page.reload();
    await tab.page.waitForSelector('html[data-ready]');
    expect(await tab.page.getByLabel('Token (optional)').inputValue()).toBe('');
  });

  it('that cannot be sent is told before it is, and which character it is', async () => {
    await connect('two words');
    await tab.page.locator('#banner', { hasText: 'The token holds a space' }).waitFor();
    await expect.poll(() => tab.page.evaluate('document.activeElement.id'), PATIENT).toBe('token');
    await connect('a,b');
    await tab.page.locator('#banner', { hasText: 'The token holds ,' }).waitFor();
    expect(await tab.page.locator('html').getAttribute('data-connection')).toBe('idle');
    // The documented core has no place for it in a browser.
    await tab.page.getByLabel('Protocol to offer').selectOption('core');
    await expect.poll(() => tab.page.getByLabel('Token (optional)').isDisabled(), PATIENT).toBe(true);
  });
});
