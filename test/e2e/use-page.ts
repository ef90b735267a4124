import type { Browser, BrowserContext, BrowserContextOptions } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { builtPages } from '../../src/http/static.js';
import { sharedBrowser } from '../helpers/browser.js';
import { openBrowser, PageDriver } from './page-driver.js';
import { PageProvider } from './page-provider.js';
import { startPageServer, type PageServer } from './page-server.js';

/** A person in front of the page. All tests of a file share the browser and the server; each begins with a fresh page. */
export interface Visit {
  readonly browser: Browser;
  readonly provider: PageProvider;
  readonly server: PageServer;
  /** The page, connected, or a blank one: see {@link VisitOptions}. The browser may complain of nothing in it. */
  readonly tab: PageDriver;
  /** Opens the page in another browser, or what lies at `path`, until the end of the test. */
  open(options?: BrowserContextOptions, path?: string): Promise<PageDriver>;
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
  let browser: Browser;
  let context: BrowserContext;
  let server: PageServer;
  let tab: PageDriver;
  let opened: PageDriver[] = [];
  let wasAway = false;
  const start = async (port?: number): Promise<void> => {
    server = await startPageServer(provider, builtPages(), port);
  };
  beforeAll(async () => {
    [browser] = await Promise.all([sharedBrowser(), start()]);
    context = await openBrowser(browser);
    tab = new PageDriver(await context.newPage());
  });
  afterAll(async () => {
    await context.close();
    await server.close();
  });
  beforeEach(async () => {
    provider.reset();
    wasAway = false;
    if (opensTab) {
      await tab.page.bringToFront();
      await tab.afresh(server.url);
    }
    begin({
      browser,
      provider,
      get server() {
        return server;
      },
      tab,
      async open(options, path) {
        const own = await openBrowser(browser, options);
        const driver =
          path === undefined ? await PageDriver.connected(own, server.url) : new PageDriver(await own.newPage());
        if (path !== undefined) await driver.page.goto(new URL(path, server.url).href);
        opened.push(driver);
        return driver;
      },
      async restart() {
        wasAway = true;
        await start(server.port);
      },
    });
  });
  afterEach(async () => {
    provider.release();
    const complaints = [tab, ...opened].flatMap((driver) => driver.complaints(wasAway));
    await Promise.all(opened.map(({ page }) => page.context().close()));
    opened = [];
    const others = context.pages().filter((page) => page !== tab.page);
    await Promise.all(others.map((page) => page.close()));
    expect(complaints).toEqual([]);
  });
}
