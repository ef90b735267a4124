import { existsSync } from 'node:fs';
import { chromium, type Browser } from 'playwright-core';

/** Chromium's headless shell takes a third less CPU time; Debian has it as a separate package. */
const WITHOUT_WINDOWS = '/usr/bin/chromium-headless-shell';
const CANDIDATES = [process.env['CHROME_PATH'], '/usr/bin/chromium'];

/** What no test looks at and every load of a page pays for, besides what Playwright leaves out itself. */
const LEFT_OUT = [
  // A frame of its own in the compositor for every document.
  'RenderDocument',
  'PaintHolding',
  'HttpsUpgrades',
  'MediaRouter',
  'OptimizationHints',
  'Translate',
];

let shared: Promise<Browser> | undefined;

/** One Chromium for all test files of a worker, until the worker ends: its start takes as long as a test. */
export function sharedBrowser(): Promise<Browser> {
  return (shared ??= launchBrowser());
}

/**
 * Starts Chromium without a window.
 * @throws Error if there is none: a test that needs a browser fails, and is not skipped.
 */
export async function launchBrowser({ hasBackForwardCache = false } = {}): Promise<Browser> {
  const [named, ...others] = CANDIDATES;
  // A browser without windows has no back-forward cache.
  const candidates = hasBackForwardCache ? CANDIDATES : [named, WITHOUT_WINDOWS, ...others];
  const executablePath = candidates.find((path) => path !== undefined && existsSync(path));
  if (executablePath === undefined) {
    throw new Error('The tests of the page need Chromium: install it, or name it in the environment as CHROME_PATH');
  }
  return chromium.launch({
    executablePath,
    ignoreDefaultArgs: hasBackForwardCache ? ['--disable-back-forward-cache'] : [],
    args: [
      '--no-sandbox',
      '--disable-gpu',
      // Pictures go through fewer processes.
      '--in-process-gpu',
      `--disable-features=${LEFT_OUT.join()}`,
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      // No page of a test lives long enough to win back what the optimizing compilers of V8 cost.
      '--js-flags=--no-opt --no-maglev',
    ],
  });
}
