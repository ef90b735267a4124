import type { BrowserContextOptions } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { builtPages } from '../../src/http/static.js';
import { borrowPage, returnPage } from '../helpers/pages.js';
import { PageDriver } from './page-driver.js';
import { PageProvider } from './page-provider.js';
import { startPageServer, type PageServer } from './page-server.js';

/**
 * A person in front of the page. All tests of a file share the server and the tab: each begins with a conversation of
 * its own, for which nothing has to be loaded.
 */
export interface Visit {
  readonly provider: PageProvider;
  readonly server: PageServer;
  /** The page, connected, or a blank one: see {@link VisitOptions}. The browser may complain of nothing in it. */
  readonly tab: PageDriver;
  /** Opens the page in another browser, or what lies at `path`, until the end of the test. */
  open(options?: BrowserContextOptions, path?: string): Promise<PageDriver>;
  /** Another tab of the person, with the conversation of `tab`. The browser may complain of nothing in it either. */
  secondTab(): Promise<PageDriver>;
  /** Shows the page in `tab` as it is to somebody who was never there. Comes first in a test, which may begin so. */
  afresh(): Promise<void>;
  /** Has the page loaded for the next test: this one leaves more behind than a conversation, such as a filter. */
  spoil(): void;
  /** Starts the server anew where it was. The browser may complain about the time without it. */
  restart(): Promise<void>;
}

/** What {@link useVisit} does before each test. */
export interface VisitOptions {
  /**
   * Whether the page is open in `tab` when a test begins. A test that opens the page itself does not need it.
   * @default true
   */
  readonly opensTab?: boolean;
}

/** @param begin - called before each test */
export function useVisit(begin: (visit: Visit) => void, { opensTab = true }: VisitOptions = {}): void {
  const provider = new PageProvider();
  let server: PageServer;
  let tab: PageDriver;
  let second: PageDriver | undefined;
  let opened: PageDriver[] = [];
  let isSpoiled = true;
  let isFresh = false;
  let wasAway = false;
  const start = async (port?: number): Promise<void> => {
    server = await startPageServer(provider, builtPages(), port);
  };
  beforeAll(async () => {
    const [page] = await Promise.all([borrowPage(), start()]);
    tab = new PageDriver(page);
  });
  afterAll(async () => {
    await returnPage(tab.page);
    await server.close();
  });
  beforeEach(async () => {
    provider.reset();
    wasAway = false;
    if (opensTab) {
      await tab.page.bringToFront();
      isFresh = isSpoiled;
      if (isSpoiled) await tab.afresh(server.url);
      else await tab.elsewhere();
    }
    isSpoiled = false;
    begin({
      provider,
      get server() {
        return server;
      },
      tab,
      async open(options, path) {
        const driver = new PageDriver(await borrowPage(options));
        opened.push(driver);
        await driver.page.goto(new URL(path ?? '', server.url).href);
        if (path === undefined) await driver.isConnected();
        return driver;
      },
      async secondTab() {
        if (second === undefined) second = await tab.secondTab();
        else await second.follow(tab);
        return second;
      },
      async afresh() {
        if (!isFresh) await tab.afresh(server.url);
        isFresh = false;
      },
      spoil() {
        isSpoiled = true;
      },
      async restart() {
        wasAway = true;
        await start(server.port);
      },
    });
  });
  afterEach(async ({ task }) => {
    provider.release();
    if (task.result?.state === 'fail') isSpoiled = true;
    const tabs = [tab, ...(second === undefined ? [] : [second]), ...opened];
    const complaints = tabs.flatMap((driver) => driver.takeComplaints(wasAway));
    await Promise.all(opened.map(({ page }) => returnPage(page)));
    opened = [];
    if (isSpoiled) second = undefined;
    const others = tab.page
      .context()
      .pages()
      .filter((page) => page !== tab.page && page !== second?.page);
    await Promise.all(others.map((page) => page.close()));
    expect(complaints).toEqual([]);
  });
}
