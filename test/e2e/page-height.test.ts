import { expect, it } from 'vitest';
import { type PageDriver, PATIENT } from './page-driver.js';
import { useVisit, type Visit } from './use-page.js';

let visit: Visit;
let tab: PageDriver;
useVisit((begun) => (visit = begun), { opensTab: false });

/** A page of this size with an answer that is complete and one that runs: the dock then has one row more. */
async function open(width: number, height: number): Promise<void> {
  const isPhone = width <= 860;
  tab = await visit.open({ viewport: { width, height }, isMobile: isPhone, hasTouch: isPhone });
  await tab.ask('hostile');
  await tab.is('hostile', 'finished');
  await tab.ask('wait');
  await tab.is('wait', 'running');
}

it.each([
  [320, 400],
  [375, 400],
  [844, 390],
  [320, 568],
  [1024, 500],
  [1366, 650],
])('keeps Send, the navigation and some conversation in sight at %i × %i', async (width, height) => {
  await open(width, height);
  const { page } = tab;
  for (const type of await page.getByRole('tab').allTextContents()) {
    await page.getByRole('tab', { name: type, exact: true }).click();
    for (const id of ['composer-more', 'composer-preview']) {
      const button = page.locator(`#${id}[aria-expanded=false]`);
      if (await button.isVisible()) await button.click();
    }
    await expect.poll(() => page.evaluate(OUT_OF_SIGHT), { ...PATIENT, message: type }).toEqual([]);
    expect(await page.evaluate(CONVERSATION_HEIGHT), type).toBeGreaterThanOrEqual(80);
    const last = page.locator('#composer-panel :is(input, select, textarea):visible').last();
    if ((await last.count()) === 0) continue;
    await last.focus();
    await expect.poll(() => page.evaluate(FOCUS_IS_SEEN), { ...PATIENT, message: type }).toBe(true);
    expect(await page.evaluate(OUT_OF_SIGHT), type).toEqual([]);
  }
  expect(await page.evaluate(PAGE_SIZE)).toEqual([width, height]);
});

it('scrolls as a whole where a banner leaves too little room', async () => {
  await open(320, 400);
  const { page } = tab;
  await page.locator('#connection-toggle').click();
  await visit.server.crash();
  await page.locator('#banner').waitFor();
  const seen = (id: string) => page.evaluate<boolean>(`${SEEN}(document.getElementById('${id}'))`);
  expect(await Promise.all(['theme', 'connect', 'url', 'banner-stop'].map(seen))).toEqual([true, true, true, true]);
  await page.evaluate('scrollTo(0, document.documentElement.scrollHeight)');
  expect(await page.evaluate(OUT_OF_SIGHT)).toEqual([]);
  expect(await page.evaluate(CONVERSATION_HEIGHT)).toBeGreaterThanOrEqual(80);
  await visit.restart();
});

/** Whether the middle of an element is in the viewport with nothing above it. */
const SEEN = `((element) => {
  const { left, top, width, height } = element.getBoundingClientRect();
  const found = document.elementFromPoint(left + width / 2, top + height / 2);
  return found !== null && element.contains(found);
})`;

const OUT_OF_SIGHT = `[...document.querySelectorAll('#composer-send, #raw-send, .views button')]
  .filter((element) => element.checkVisibility() && !${SEEN}(element))
  .map((element) => element.textContent.trim())`;

const FOCUS_IS_SEEN = `${SEEN}(document.activeElement)`;

const PAGE_SIZE = '[document.documentElement.scrollWidth, document.documentElement.scrollHeight]';

/** What is seen of the answers, in pixels. */
const CONVERSATION_HEIGHT = `(() => {
  const { top, bottom } = document.getElementById('conversation-scroll').getBoundingClientRect();
  return Math.min(bottom, innerHeight) - Math.max(top, 0);
})()`;
