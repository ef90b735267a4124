import { describe, expect, it } from 'vitest';
import { spoil } from '../helpers/pages.js';
import { type PageDriver, PATIENT } from './page-driver.js';
import { useVisit, type Visit } from './use-page.js';

let visit: Visit;
let tab: PageDriver;
useVisit((begun) => ({ visit, tab } = { visit: begun, tab: begun.tab }));

/** Scrolls the conversation, and gives how far it could be scrolled down then. */
const scroll = (by: number) =>
  tab.page.evaluate<number>(`(() => {
    const place = document.getElementById('conversation-scroll');
    place.scrollBy({ top: ${by} });
    return place.scrollHeight - place.clientHeight - place.scrollTop;
  })()`);

const reports = () => tab.answer('survey').locator('.tool-body .json').allTextContents();

async function keepsReasonAndCost(): Promise<void> {
  await tab.is('fail', 'failed');
  await tab.says('fail', 'half an ');
  await tab.answer('fail').getByText('provider_error').waitFor();
  await tab.answer('fail').getByText('The same request may succeed later.').waitFor();
  await tab.answer('fail').locator('[data-metric=usage]').waitFor();
}

async function showsReports(): Promise<void> {
  // Params, two reports, and the result. They are to be seen without a click.
  await expect.poll(reports, PATIENT).toHaveLength(4);
  expect((await reports())[1]).toContain('done: 1');
  expect((await reports())[2]).toContain('of: 2');
  expect(await tab.answer('survey').locator('.tool-body').isVisible()).toBe(true);
}

async function tellsTokens(): Promise<void> {
  await tab.answer('costly').locator('[data-metric=usage]', { hasText: '100 → 40' }).waitFor();
  await tab.answer('costly').locator('[data-metric=cached]', { hasText: '80' }).waitFor();
  await tab.answer('costly').locator('[data-metric=reasoning]', { hasText: '12' }).waitFor();
}

describe('an answer', () => {
  it('keeps its reason, its cost, its reports and what the model thought after a reload', async () => {
    const questions = ['fail', 'survey', 'costly', 'think'];
    for (const question of questions) await tab.ask(question);
    await tab.is('think', 'finished');
    await keepsReasonAndCost();
    await showsReports();
    await tellsTokens();
    await tab.page.reload();
    await tab.isConnected();
    await tab.shows(...questions);
    await keepsReasonAndCost();
    await showsReports();
    await tellsTokens();
    const thought = tab.answer('think').locator('.reasoning').first();
    await thought.locator('summary').click();
    await expect.poll(() => thought.locator('.reasoning-text').textContent(), PATIENT).toBe('Let me see. ');
  });

  it('that grows leaves a person alone who reads back, however little', async () => {
    const latest = tab.page.locator('#jump');
    await tab.ask('many');
    await tab.is('many', 'finished');
    await tab.ask('wait');
    await tab.says('wait', 'first ');
    await expect.poll(() => scroll(0), PATIENT).toBeLessThan(1);
    await scroll(-60);
    await latest.waitFor();
    visit.provider.release();
    await tab.is('wait', 'finished');
    expect(await latest.isVisible()).toBe(true);
    // Who comes back near the end reads along again.
    await scroll(5);
    await latest.waitFor({ state: 'detached' });
  });

  it('is copied also from a page that came by HTTP from another machine', async () => {
    const elsewhere = await visit.open({ permissions: ['clipboard-read'] }, 'about:blank');
    spoil(elsewhere.page);
    await elsewhere.page.addInitScript('Object.defineProperty(window, "isSecureContext", { value: false })');
    await elsewhere.page.addInitScript('Object.defineProperty(navigator, "clipboard", { value: undefined })');
    await elsewhere.page.goto(visit.server.url);
    await elsewhere.isConnected();
    await elsewhere.ask('hello');
    await elsewhere.is('hello', 'finished');
    await elsewhere.press('hello', 'Copy');
    await elsewhere.answer('hello').getByRole('button', { name: 'Copied' }).waitFor();
    await elsewhere.page.locator('#query').press('ControlOrMeta+V');
    await expect.poll(() => elsewhere.page.locator('#query').inputValue(), PATIENT).toBe('Hello, world.');
  });

  it('of a tool that a person calls has its reports as well', async () => {
    await tab.page.getByRole('tab', { name: 'tool_call', exact: true }).click();
    await tab.page.getByLabel('tool_name').selectOption('survey');
    await tab.page.locator('#composer-send').click();
    const called = tab.page.locator('article[data-kind=tool_call]');
    await expect.poll(() => called.locator('.tool').count(), PATIENT).toBe(1);
    await expect.poll(() => called.locator('.tool-body .json').count(), PATIENT).toBe(4);
    await expect.poll(() => called.locator('.tool-outcome').textContent(), PATIENT).toBe('"complete"');
  });
});
