import { existsSync } from 'node:fs';
import { chromium, type Browser } from 'playwright-core';

const CANDIDATES = [process.env['CHROME_PATH'], '/usr/bin/chromium'];

/**
 * Starts Chromium without a window.
 * @throws Error where there is none: a test that needs a browser fails, it is not skipped.
 */
export async function launchBrowser({ hasBackForwardCache = false } = {}): Promise<Browser> {
  const executablePath = CANDIDATES.find((path) => path !== undefined && existsSync(path));
  if (executablePath === undefined) {
    throw new Error('The tests of the page need Chromium: install it, or name it in the environment as CHROME_PATH');
  }
  return chromium.launch({
    executablePath,
    ignoreDefaultArgs: hasBackForwardCache ? ['--disable-back-forward-cache'] : [],
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}
