import { describe, expect, it } from 'vitest';
import { type PageDriver, PATIENT } from './page-driver.js';
import { useVisit } from './use-page.js';

let tab: PageDriver;
useVisit((visit) => ({ tab } = visit));

describe('an answer, also after a reload', () => {
  it('that failed keeps its reason, and what it cost', async () => {
    await tab.ask('fail');
    await tab.is('fail', 'failed');
    await tab.page.reload();
    await tab.isConnected();
    await tab.is('fail', 'failed');
    await tab.says('fail', 'half an ');
    await tab.answer('fail').getByText('provider_error').waitFor();
    await tab.answer('fail').getByText('The same request may succeed later.').waitFor();
    await tab.answer('fail').locator('[data-metric=usage]').waitFor();
  });

  it('shows what the model thought', async () => {
    await tab.ask('think');
    await tab.is('think', 'finished');
    await tab.page.reload();
    await tab.isConnected();
    const thought = tab.answer('think').locator('.reasoning').first();
    await thought.locator('summary').click();
    await expect.poll(() => thought.locator('.reasoning-text').textContent(), PATIENT).toBe('Let me see. ');
  });

  it('shows what a tool reported', async () => {
    const reports = () => tab.answer('survey').locator('.tool-body .json').allTextContents();
    await tab.ask('survey');
    await tab.is('survey', 'finished');
    // Params, two reports, and the result. They are to be seen without a click.
    await expect.poll(reports, PATIENT).toHaveLength(4);
    expect((await reports())[2]).toContain('of: 2');
    expect(await tab.answer('survey').locator('.tool-body').isVisible()).toBe(true);
    await tab.page.reload();
    await tab.isConnected();
    await expect.poll(reports, PATIENT).toHaveLength(4);
    expect((await reports())[1]).toContain('done: 1');
    // A person may call the tool as well.
    await tab.page.getByRole('tab', { name: 'tool_call', exact: true }).click();
    await tab.page.getByLabel('tool_name').selectOption('survey');
    await tab.page.locator('#composer-send').click();
    await expect.poll(() => tab.page.locator('article[data-kind=tool_call] .tool').count(), PATIENT).toBe(1);
    await expect.poll(() => tab.page.locator('article[data-kind=tool_call] .tool-body .json').count(), PATIENT).toBe(4);
    await expect
      .poll(() => tab.page.locator('article[data-kind=tool_call] .tool-outcome').textContent(), PATIENT)
      .toBe('"complete"');
  });

  it('tells cached and reasoning tokens', async () => {
    const numbers = async (): Promise<void> => {
      await tab.answer('costly').locator('[data-metric=usage]', { hasText: '100 → 40' }).waitFor();
      await tab.answer('costly').locator('[data-metric=cached]', { hasText: '80' }).waitFor();
      await tab.answer('costly').locator('[data-metric=reasoning]', { hasText: '12' }).waitFor();
    };
    await tab.ask('costly');
    await numbers();
    await tab.page.reload();
    await tab.isConnected();
    await numbers();
  });
});
