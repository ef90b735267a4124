import type { BrowserContextOptions, Page } from 'playwright-core';
import { sharedBrowser } from './browser.js';

/** Pages that no test uses, by what cannot be changed of their contexts. */
const idle = new Map<string, Page[]>();
const keys = new WeakMap<Page, string>();

/**
 * A page without a past, in a browser context of its own. It may be one that another test gave back: a process that has
 * loaded a page before needs half the time.
 */
export async function borrowPage(options: BrowserContextOptions = {}): Promise<Page> {
  const { viewport = { width: 1280, height: 800 }, colorScheme = 'light', permissions = [], ...fixed } = options;
  const key = JSON.stringify(fixed);
  const page = idle.get(key)?.pop() ?? (await newPage(key, fixed));
  if (viewport !== null) await page.setViewportSize(viewport);
  await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
  if (permissions.length > 0) await page.context().grantPermissions(permissions);
  return page;
}

/** Takes a page back, and closes all others of its context. */
export async function returnPage(page: Page): Promise<void> {
  const key = keys.get(page);
  const context = page.context();
  for (const event of ['console', 'pageerror', 'websocket']) page.removeAllListeners(event);
  const others = context.pages().filter((other) => other !== page);
  await Promise.all(others.map((other) => other.close()));
  if (key === undefined || !(await isCleared(page))) {
    await context.close();
    return;
  }
  idle.set(key, [...(idle.get(key) ?? []), page]);
}

async function newPage(key: string, options: BrowserContextOptions): Promise<Page> {
  const context = await (await sharedBrowser()).newContext({ locale: 'en-US', ...options });
  context.setDefaultTimeout(30_000);
  const page = await context.newPage();
  keys.set(page, key);
  return page;
}

/** Whether the page could be emptied. One that has crashed, or that shows an error of the browser, cannot. */
async function isCleared(page: Page): Promise<boolean> {
  try {
    if (page.url() !== 'about:blank') await page.evaluate('localStorage.clear(); sessionStorage.clear()');
    await page.context().clearCookies();
    await page.context().clearPermissions();
    await page.goto('about:blank');
    return true;
  } catch {
    return false;
  }
}

/** Keeps a page from the next test: what was put into it, such as a route or a script, cannot be taken out. */
export function spoil(page: Page): void {
  keys.delete(page);
}
