import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { spoil } from '../helpers/pages.js';
import { PageDriver, PATIENT } from './page-driver.js';
import { useVisit, type Visit } from './use-page.js';

const TOKEN = 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhbm5hIn0.c2lnbmVk';

let visit: Visit;
let tab: PageDriver;
useVisit((begun) => {
  visit = begun;
  ({ tab } = visit);
});

const connect = async (token: string, driver = tab): Promise<void> => {
  const { page } = driver;
  if (driver === tab) visit.spoil();
  const disconnect = page.getByRole('button', { name: 'Disconnect' });
  if (await disconnect.isVisible()) await disconnect.click();
  await page.locator('#token').fill(token);
  await page.locator('#connect').click();
};

/** Whom the server takes the tabs for that are connected. */
const owners = () => [...visit.server.agent.connections].map(({ principal }) => principal.id);

describe('a token', () => {
  it('says who the person is, and stays in the tab', async () => {
    await connect(TOKEN);
    await tab.isConnected();
    await expect.poll(owners, PATIENT).toEqual([TOKEN]);
    await tab.ask('hello');
    await tab.is('hello', 'finished');
    await tab.page.reload();
    await tab.isConnected();
    await tab.says('hello', 'Hello, world.');
    const kept = await tab.page.evaluate<string>('JSON.stringify({ ...localStorage })');
    expect(kept).not.toContain(TOKEN);
    const other = new PageDriver(await tab.page.context().newPage());
    await other.page.goto(visit.server.url);
    await other.isConnected();
    expect(await other.page.locator('#token').inputValue()).toBe('');
  });

  it('carries on in the second tab, and never stands in an address', async () => {
    await connect(TOKEN);
    await tab.isConnected();
    await tab.ask('hello');
    await tab.is('hello', 'finished');
    const second = await visit.secondTab();
    await second.says('hello', 'Hello, world.');
    await expect.poll(owners, PATIENT).toEqual([TOKEN, TOKEN]);
    expect(second.page.url()).not.toContain(TOKEN);
    // What a tab asked for stays its own: the browser copies what the first one kept.
    const own = 'sessionStorage.getItem("agent-ws.own-runs")';
    expect(await second.page.evaluate(own)).toBeNull();
    expect(await tab.page.evaluate(own)).toMatch(/^\["[^"]+"/);
    await second.page.reload();
    await second.says('hello', 'Hello, world.');
    await second.ask('here');
    await second.page.reload();
    await second.isConnected();
    expect(JSON.parse(await second.page.evaluate<string>(own))).toHaveLength(1);
  });

  it('stands neither in the log nor in what is exported, even where a server says it back', async () => {
    // Nothing is connected before the script is there.
    const other = await visit.open({}, 'about:blank');
    spoil(other.page);
    await other.page.addInitScript(`{
      const Real = WebSocket;
      window.WebSocket = class extends Real {
        get protocol() { return '${TOKEN}'; }
      };
    }`);
    await other.page.goto(visit.server.url);
    await other.page.waitForSelector('html[data-connection=closed]');
    await connect(TOKEN, other);
    await other.row('connected').nth(1).waitFor();
    const download = other.page.waitForEvent('download');
    await other.page.getByRole('button', { name: 'Export this session as JSON' }).click();
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

  it('that is entered later shows the statistics of the whole cluster', async () => {
    const other = await visit.open({}, 'about:blank');
    spoil(other.page);
    // One of several processes says its name; the first client is refused and never learns it.
    await other.page.addInitScript(`{
      sessionStorage.setItem('agent-ws.token', 'expired');
      const { parse } = JSON;
      JSON.parse = (text) => parse(String(text).replace('"type":"connected"', '"type":"connected","node_id":"n"'));
    }`);
    await other.page.goto(visit.server.url);
    await other.page.waitForSelector('html[data-connection=closed]');
    const asked = other.page.waitForRequest(/statistics\?scope=cluster$/);
    await connect(TOKEN, other);
    await asked;
  });

  it('that the server does not accept is told', async () => {
    await connect('expired');
    await tab.page.locator('#banner', { hasText: '4401' }).waitFor();
    await connect('');
    await tab.isConnected();
    await tab.page.reload();
    await tab.isConnected();
    expect(await tab.page.locator('#token').inputValue()).toBe('');
  });

  it('that cannot be sent is told before it is, and which character it is', async () => {
    await connect('two words');
    await tab.page.locator('#banner', { hasText: 'The token holds a space' }).waitFor();
    await expect.poll(() => tab.page.evaluate('document.activeElement.id'), PATIENT).toBe('token');
    await connect('a,b');
    await tab.page.locator('#banner', { hasText: 'The token holds ,' }).waitFor();
    expect(await tab.page.locator('html').getAttribute('data-connection')).toBe('closed');
  });
});
