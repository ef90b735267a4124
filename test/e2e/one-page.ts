import type { BrowserContextOptions, Locator, Page } from 'playwright-core';
import { expect } from 'vitest';
import { PATIENT, type PageDriver } from './page-driver.js';
import type { PageProvider } from './page-provider.js';
import { useVisit, type Visit, type VisitOptions } from './use-page.js';

/** What the tests of one file look at. */
export let visit: Visit;
export let provider: PageProvider;
export let page: Page;
let driver: PageDriver;

/** {@link useVisit}, for tests that look at one page at a time. */
export function useOnePage(options?: VisitOptions): void {
  useVisit((begun) => {
    visit = begun;
    ({ provider } = visit);
    look(visit.tab);
  }, options);
}

/** From now on the test looks at the page in another browser, or at what lies at `path`. */
export async function open(options: BrowserContextOptions = {}, path?: string): Promise<PageDriver> {
  return look(await visit.open(options, path));
}

function look(at: PageDriver): PageDriver {
  driver = at;
  ({ page } = at);
  return at;
}

/** The frames of a type in the log. */
export function row(type: string): Locator {
  return driver.row(type);
}

export function answer(question: string): Locator {
  return page.locator('article', { has: page.getByRole('heading', { name: question, exact: true }) });
}

export async function says(question: string, text: string): Promise<void> {
  await answer(question).locator('.prose', { hasText: text }).waitFor();
}

/** One of the tabs over the composer. */
export function tab(name: string): Locator {
  return page.getByRole('tab', { name, exact: true });
}

export function send(): Locator {
  return page.locator('#composer-send');
}

export async function ask(question: string, type = 'streaming_query'): Promise<void> {
  await tab(type).click();
  await page.getByRole('textbox', { name: 'Question', exact: true }).fill(question);
  await send().click();
}

/** Sends a text as it is. */
export async function sendRaw(text: string): Promise<void> {
  await tab('raw JSON').click();
  await page.getByRole('textbox', { name: 'raw JSON' }).fill(text);
  await page.locator('#raw-send').click();
}

/** Answers of one conversation follow each other; those of single questions run side by side. */
export async function standAlone(): Promise<void> {
  await page.getByRole('button', { name: /^Conversation:/ }).click();
  await page.getByLabel('Questions belong to a conversation').uncheck();
  await page.keyboard.press('Escape');
}

export async function ended(question: string, state: string): Promise<void> {
  await expect.poll(() => answer(question).getAttribute('data-state'), PATIENT).toBe(state);
}
