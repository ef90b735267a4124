import { randomUUID } from 'node:crypto';
import type { Locator, Page } from 'playwright-core';
import { expect } from 'vitest';

/** The page paints in frames of its own: what it shows is waited for. */
export const PATIENT = { timeout: 20_000 };

/** What the browser says of a server that is not there is not the page's fault. */
const NO_SERVER = /ERR_|WebSocket connection to|Failed to load resource/;

/** One tab with the page, and what a person does in it. */
export class PageDriver {
  readonly page: Page;
  readonly #complaints: string[] = [];

  constructor(page: Page) {
    this.page = page;
    page.on('pageerror', (error) => this.#complaints.push(error.message));
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) this.#complaints.push(message.text());
    });
  }

  /** Opens the page like somebody who was never there. */
  async afresh(url: string): Promise<void> {
    if (this.page.url() !== 'about:blank') await this.page.evaluate('localStorage.clear(); sessionStorage.clear()');
    await this.page.goto(url);
    await this.isConnected();
    this.#complaints.length = 0;
  }

  /** Leaves all that was said and asked for another conversation, as a link to it does. */
  async elsewhere(): Promise<void> {
    await this.isConnected();
    await this.page.evaluate(`location.hash = 'conversation=${randomUUID()}'`);
    await this.#isEmpty();
    await this.page.locator('#log-clear').click();
  }

  /** Connects anew, as a client that has lost no connection: after one loss after the other it waits longer and longer. */
  async reconnect(): Promise<void> {
    await this.page.locator('#connect').click();
    await this.page.waitForSelector('html[data-connection=closed]');
    await this.page.locator('#connect').click();
    await this.isConnected();
  }

  /** Goes to the conversation that another tab shows. */
  async follow({ page }: PageDriver): Promise<void> {
    await this.page.bringToFront();
    await this.page.evaluate(`location.hash = ${JSON.stringify(new URL(page.url()).hash)}`);
    await this.isConnected();
  }

  /** Opens the second tab the way the page offers it. */
  async secondTab(): Promise<PageDriver> {
    const opening = this.page.context().waitForEvent('page');
    await this.page.locator('#thread-tab').click();
    const driver = new PageDriver(await opening);
    await driver.isConnected();
    return driver;
  }

  /** What the browser complained about, which is then forgotten. */
  takeComplaints(serverWasAway = false): string[] {
    return this.#complaints.splice(0).filter((text) => !serverWasAway || !NO_SERVER.test(text));
  }

  async isConnected(): Promise<void> {
    await this.page.waitForSelector('html[data-ready][data-connection=open]');
  }

  answer(question: string): Locator {
    return this.page.locator('article:not([hidden])', {
      has: this.page.getByRole('heading', { name: question, exact: true, level: 3 }),
    });
  }

  /** The frames of a type in the log. */
  row(type: string): Locator {
    return this.page.locator('.row', { has: this.page.getByText(type, { exact: true }) });
  }

  async ask(question: string, type = 'streaming_query'): Promise<void> {
    await this.page.getByRole('tab', { name: type, exact: true }).click();
    await this.page.locator('#query').fill(question);
    await this.page.locator('#composer-send').click();
  }

  async press(question: string, name: string): Promise<void> {
    await this.answer(question).getByRole('button', { name, exact: true }).click();
  }

  async says(question: string, text: string): Promise<void> {
    await this.page.bringToFront();
    await expect.poll(() => this.answer(question).locator('.prose').textContent(), PATIENT).toBe(text);
  }

  /** A tab behind another one paints when it is looked at. */
  async is(question: string, state: string): Promise<void> {
    await this.page.bringToFront();
    await expect.poll(() => this.answer(question).getAttribute('data-state'), PATIENT).toBe(state);
  }

  /** The questions on the page, in their order. */
  async shows(...questions: string[]): Promise<void> {
    await this.page.bringToFront();
    const titles = this.page.locator('article:not([hidden]) .ask h3');
    await expect.poll(() => titles.allTextContents(), PATIENT).toEqual(questions);
  }

  /** Also of runs that are part of no conversation: those stand in each. */
  async #isEmpty(): Promise<void> {
    const answers = this.page.locator('#answers article');
    const left = async (): Promise<number> => {
      if ((await answers.count()) > 0) await this.page.getByRole('button', { name: 'Clear ended answers' }).click();
      return answers.count();
    };
    await expect.poll(left, PATIENT).toBe(0);
  }
}
