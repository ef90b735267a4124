import type { Page } from 'playwright-core';
import { expect, it, onTestFinished } from 'vitest';
import { sharedBrowser } from '../helpers/browser.js';
import { startExample } from './example.js';

const LONG = 'How do I connect from a browser?';

it('react.jsx, served by react.mjs, is one chat in every tab and after a reload', async () => {
  // Two tabs of one browser: another browser would be another person.
  const context = await (await sharedBrowser()).newContext();
  onTestFinished(() => context.close());
  const { url } = await startExample('react.mjs');
  const failures: string[] = [];
  const open = async (address: string): Promise<Page> => {
    const page = await context.newPage();
    page.on('pageerror', (error) => failures.push(error.message));
    await page.goto(address);
    await idle(page);
    return page;
  };
  const idle = (page: Page): Promise<void> => page.getByText('idle', { exact: true }).waitFor();
  const ask = async (page: Page, query: string): Promise<void> => {
    await page.getByLabel('Question').fill(query);
    await page.getByText('Send').click();
  };
  const said = (page: Page): Promise<string[]> => page.locator('section > p:not(.tool)').allTextContents();
  const poll = (page: Page) => expect.poll(async () => (await said(page)).filter((text) => text !== ''));

  const one = await open(url.href);
  await ask(one, 'What is 6 * 7?');
  await poll(one).toEqual(['What is 6 * 7?', expect.stringContaining('**42**')]);
  await expect.poll(() => one.locator('.tool').textContent()).toMatch(/^calculator \{.*\}: .*42/);

  const two = await open(one.url());
  await poll(two).toEqual(['What is 6 * 7?', expect.stringContaining('**42**')]);

  // Asked in the second tab; the first sees it, and loses nothing by a reload in the middle.
  await ask(two, LONG);
  await one.getByText('Open a WebSocket').waitFor();
  await one.reload();
  await poll(one).toEqual([
    'What is 6 * 7?',
    expect.any(String),
    LONG,
    expect.stringMatching(/^Open a .* try them\.$/s),
  ]);
  await idle(two);
  expect(await said(one)).toEqual(await said(two));

  // Anew, and edited, in both. What was there can be shown again.
  await one.getByText('Again').last().click();
  await one.getByText('answering', { exact: true }).waitFor();
  await idle(one);
  await poll(one).toEqual([
    'What is 6 * 7?',
    expect.any(String),
    LONG,
    expect.stringMatching(/^Open a .* try them\.$/s),
  ]);
  one.once('dialog', (dialog) => void dialog.accept('What is 2 + 3?'));
  await one.getByText('Edit').first().click();
  await poll(one).toEqual(['What is 2 + 3?', expect.stringContaining('**5**')]);
  await poll(two).toEqual(['What is 2 + 3?', expect.stringContaining('**5**')]);
  await idle(two);
  await two.getByLabel('Versions').getByText('1', { exact: true }).click();
  await expect.poll(async () => (await said(one))[0]).toBe('What is 6 * 7?');
  await one.getByLabel('Versions').first().getByText('2', { exact: true }).click();
  await poll(two).toEqual(['What is 2 + 3?', expect.stringContaining('**5**')]);

  // Stopped: what there was stays.
  await ask(one, LONG);
  await one.getByText('Open a WebSocket').waitFor();
  await one.getByText('Stop', { exact: true }).click();
  await one.locator('[data-status=cancelled]').waitFor();
  await poll(two).toEqual([
    'What is 2 + 3?',
    expect.stringContaining('**5**'),
    LONG,
    expect.stringMatching(/^Open a (?!.*try them)/s),
  ]);
  expect(failures).toEqual([]);
});
