import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { launchBrowser } from '../helpers/browser.js';
import { openBrowser, PageDriver } from './page-driver.js';
import { PageProvider } from './page-provider.js';
import { buildPage, startPageServer, type PageServer } from './page-server.js';

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

/** What each test of a file has for itself. */
export interface Visit {
  readonly browser: Browser;
  readonly provider: PageProvider;
  readonly server: PageServer;
  /** The page, connected. The browser may complain of nothing in it. */
  readonly tab: PageDriver;
}

/** {@link usePage}, and a person who has opened the page before each test. */
export function useVisit(begin: (visit: Visit) => void): void {
  const suite = usePage();
  let visit: Visit;
  beforeEach(async () => {
    const provider = new PageProvider();
    const server = await startPageServer(provider, suite.directory);
    const context = await openBrowser(suite.browser);
    const tab = await PageDriver.connected(context, server.url);
    visit = { browser: suite.browser, provider, server, tab };
    begin(visit);
  });
  afterEach(async () => {
    await visit.tab.page.context().close();
    await visit.server.close();
    expect(visit.tab.complaints()).toEqual([]);
  });
}
