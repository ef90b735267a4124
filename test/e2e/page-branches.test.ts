import type { Locator } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { type PageDriver, PATIENT } from './page-driver.js';
import type { PageProvider } from './page-provider.js';
import { useVisit, type Visit } from './use-page.js';

let provider: PageProvider;
let visit: Visit;
let tab: PageDriver;
useVisit((begun) => {
  visit = begun;
  ({ provider, tab } = visit);
});

async function told(question: string, answer: string): Promise<void> {
  await tab.ask(question);
  await tab.says(question, answer);
  await tab.answer(question).getByRole('button', { name: 'Edit' }).waitFor();
}

async function edit(driver: PageDriver, from: string, to: string): Promise<void> {
  await driver.press(from, 'Edit');
  await driver.page.getByRole('textbox', { name: 'Another question in place of this one' }).fill(to);
  await driver.page.keyboard.press('Enter');
}

/** The switch of a question or of its answer, which says where it stands. */
function versions(driver: PageDriver, question: string, place: string): Locator {
  return driver.answer(question).getByRole('group', { name: `Version ${place}` });
}

describe('versions', () => {
  it('of an answer are kept, and gone back to, in every tab that shows the conversation', async () => {
    await told('recall a', 'You asked: recall a. Answer 1.');
    await expect.poll(() => tab.answer('recall a').locator('.versions:visible').count(), PATIENT).toBe(0);
    await tab.press('recall a', 'Regenerate');
    await tab.says('recall a', 'You asked: recall a. Answer 2.');
    await versions(tab, 'recall a', '2 of 2 of this answer').waitFor();
    const second = await visit.secondTab();
    await second.says('recall a', 'You asked: recall a. Answer 2.');
    await tab.page.bringToFront();
    await tab.answer('recall a').getByRole('button', { name: 'Earlier version' }).click();
    await tab.says('recall a', 'You asked: recall a. Answer 1.');
    await versions(tab, 'recall a', '1 of 2 of this answer').waitFor();
    await second.says('recall a', 'You asked: recall a. Answer 1.');
    // What is selected is what the next question goes on from.
    await second.ask('recall b');
    await second.says('recall b', 'You asked: recall a, recall b. Answer 3.');
    await tab.shows('recall a', 'recall b');
    await tab.answer('recall a').getByRole('button', { name: 'Later version' }).click();
    await tab.says('recall a', 'You asked: recall a. Answer 2.');
    await tab.shows('recall a');
    await second.shows('recall a');
    await tab.page.reload();
    await tab.isConnected();
    await tab.says('recall a', 'You asked: recall a. Answer 2.');
  });

  it('of a question bring back all that followed, and the keyboard goes on from there', async () => {
    await told('recall a', 'You asked: recall a. Answer 1.');
    await told('recall b', 'You asked: recall a, recall b. Answer 2.');
    await edit(tab, 'recall a', 'recall x');
    await tab.says('recall x', 'You asked: recall x. Answer 3.');
    await tab.shows('recall x');
    await versions(tab, 'recall x', '2 of 2 of this question').waitFor();
    await tab.answer('recall x').getByRole('button', { name: 'Earlier version' }).focus();
    await tab.page.keyboard.press('Enter');
    await tab.shows('recall a', 'recall b');
    await tab.says('recall b', 'You asked: recall a, recall b. Answer 2.');
    const focused = () => tab.page.evaluate('document.activeElement.getAttribute("aria-label")');
    await expect.poll(focused, PATIENT).toBe('Later version');
    await tab.page.keyboard.press('Enter');
    await tab.shows('recall x');
  });

  it('cannot be chosen while a run is in progress', async () => {
    await told('recall a', 'You asked: recall a. Answer 1.');
    await tab.press('recall a', 'Regenerate');
    await tab.says('recall a', 'You asked: recall a. Answer 2.');
    const earlier = tab.answer('recall a').getByRole('button', { name: 'Earlier version' });
    await earlier.waitFor();
    await tab.ask('wait here');
    await tab.says('wait here', 'first ');
    await expect.poll(() => earlier.isDisabled(), PATIENT).toBe(true);
    provider.release();
    await expect.poll(() => earlier.isDisabled(), PATIENT).toBe(false);
  });

  it('that failed before their first word leave the answer there was, and say why', async () => {
    await told('recall a', 'You asked: recall a. Answer 1.');
    provider.isDown = true;
    await tab.press('recall a', 'Regenerate');
    await tab.page.locator('article[data-state=failed]').getByText('provider_error').waitFor();
    await tab.shows('recall a', 'recall a');
    await expect
      .poll(() => tab.page.locator('.prose').allTextContents(), PATIENT)
      .toEqual(['You asked: recall a. Answer 1.']);
    // Asked again it is another version still, and no further question.
    provider.isDown = false;
    await tab.page.getByRole('button', { name: 'Ask again' }).click();
    await versions(tab, 'recall a', '2 of 2 of this answer').waitFor();
  });
});
