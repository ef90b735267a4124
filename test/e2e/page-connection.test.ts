import { describe, expect, it } from 'vitest';
import { answer, ask, ended, page, provider, row, says, visit, useOnePage } from './one-page.js';
import { PATIENT } from './page-driver.js';

useOnePage();

describe('connection', () => {
  it('connects by itself, disconnects, and says so', async () => {
    await expect.poll(() => page.locator('#status').textContent(), PATIENT).toBe('Connected');
    await expect
      .poll(() => page.getByLabel('Endpoint', { exact: true }).inputValue(), PATIENT)
      .toBe(`ws://127.0.0.1:${visit.server.port}/ws/agent`);
    await page.getByRole('button', { name: 'Disconnect' }).click();
    await page.waitForSelector('html[data-connection=closed]');
    await expect.poll(() => page.locator('#banner').isHidden(), PATIENT).toBe(true);
    await page.getByRole('button', { name: 'Connect', exact: true }).click();
    await visit.tab.isConnected();
  });

  it('refuses a URL that is none', async () => {
    const endpoint = await page.getByLabel('Endpoint', { exact: true }).inputValue();
    await page.getByRole('button', { name: 'Disconnect' }).click();
    await page.getByLabel('Endpoint', { exact: true }).fill('ftp://example');
    await page.getByRole('button', { name: 'Connect', exact: true }).click();
    await page.getByText('This is not a WebSocket URL').waitFor();
    await expect
      .poll(() => page.getByLabel('Endpoint', { exact: true }).getAttribute('aria-invalid'), PATIENT)
      .toBe('true');
    await page.getByLabel('Endpoint', { exact: true }).fill(endpoint);
    await page.getByRole('button', { name: 'Connect', exact: true }).click();
    await visit.tab.isConnected();
  });

  it('comes back after the server restarted, and shows what was lost', async () => {
    await ask('wait');
    await says('wait', 'first');
    await visit.server.close();
    await page.waitForSelector('html[data-connection=waiting]');
    await page.getByText('Connection closed: 1001').waitFor();
    await page.getByText('The host server was closed.').waitFor();
    await ended('wait', 'interrupted');
    await row('going_away').waitFor();
    await visit.restart();
    await page.waitForSelector('html[data-connection=open]');
    await expect.poll(() => page.locator('#banner').isHidden(), PATIENT).toBe(true);
  });

  it('says of a lost connection what it means to a person', async () => {
    visit.spoil();
    await visit.server.crash();
    await page.waitForSelector('html[data-connection=waiting]');
    const said = () => page.locator('#banner p').textContent();
    await expect.poll(async () => (await said())?.trim(), PATIENT).toBe('The connection was lost.');
    await page.getByRole('button', { name: '切换到中文' }).click();
    await expect.poll(async () => (await said())?.trim(), PATIENT).toBe('连接已中断。');
    await visit.restart();
    await page.waitForSelector('html[data-connection=open]');
  });

  it('goes on with the answers of a connection the server lost', async () => {
    await ask('wait');
    await says('wait', 'first');
    for (const { id } of visit.server.agent.connections) {
      visit.server.agent.connections.disconnect(id, { code: 1011, reason: 'Internal error' });
    }
    await row('resumed').waitFor();
    await answer('wait').getByText('Resumed after message 2').waitFor();
    await ended('wait', 'running');
    provider.release();
    await ended('wait', 'finished');
    await expect.poll(() => answer('wait').locator('.prose').textContent(), PATIENT).toBe('first second');
    await expect.poll(() => page.locator('article').count(), PATIENT).toBe(1);
    expect(provider.aborted).toEqual([]);
  });

  it('stops trying when told to, and comes back with the next question', async () => {
    await visit.server.close();
    await page.getByRole('button', { name: 'Stop trying' }).click();
    await page.waitForSelector('html[data-connection=closed]');
    await visit.restart();
    await ask('hello');
    await ended('hello', 'finished');
  });

  it('stays away after a close code that says so', async () => {
    visit.spoil();
    for (const { id } of visit.server.agent.connections) {
      visit.server.agent.connections.disconnect(id, { code: 4403, reason: 'Forbidden' });
    }
    await page.waitForSelector('html[data-connection=closed]');
    await page.getByText('Connection closed: 4403 · Forbidden').waitFor();
    await page.getByText('This client is not allowed to connect.').waitFor();
    await expect.poll(() => page.getByRole('button', { name: 'Try now' }).isHidden(), PATIENT).toBe(true);
  });
});
