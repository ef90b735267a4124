import type { Browser } from 'playwright-core';
import { afterAll, beforeAll } from 'vitest';
import { launchBrowser } from '../helpers/browser.js';
import { buildPage } from './page-server.js';

/** What the tests of one file share: a browser, and the page as it is built, from before the first to after the last. */
export interface PageSuite {
  readonly browser: Browser;
  /** Where the built page lies. */
  readonly directory: string;
}

export function usePage(): PageSuite {
  let browser: Browser;
  let built: Awaited<ReturnType<typeof buildPage>>;
  beforeAll(async () => {
    [browser, built] = await Promise.all([launchBrowser(), buildPage()]);
  });
  afterAll(async () => {
    await browser.close();
    await built.remove();
  });
  return {
    get browser() {
      return browser;
    },
    get directory() {
      return built.directory;
    },
  };
}
