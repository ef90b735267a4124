import { expect, it } from 'vitest';
import { type PageDriver, PATIENT } from './page-driver.js';
import { useVisit, type Visit } from './use-page.js';

let visit: Visit;
let tab: PageDriver;
useVisit((begun) => ({ visit, tab } = { visit: begun, tab: begun.tab }));

/** An answer that is complete and one that runs: the dock then has one row more. */
async function fill(driver: PageDriver): Promise<void> {
  await driver.ask('hostile');
  await driver.is('hostile', 'finished');
  await driver.ask('wait');
  await driver.is('wait', 'running');
}

/** Checks at each size that Send, the navigation and some conversation are in sight, whatever the composer shows. */
async function fits({ page }: PageDriver, sizes: readonly (readonly [number, number])[]): Promise<void> {
  const types = await page.getByRole('tab').allTextContents();
  expect(types.length).toBeGreaterThan(3);
  for (const type of types) {
    await page.evaluate(`${SHOW_ALL}(${JSON.stringify(type)})`);
    await page.locator('[role=tab][aria-selected=true]', { hasText: type }).waitFor();
    for (const [width, height] of sizes) {
      const message = `${type} at ${width} × ${height}`;
      await page.setViewportSize({ width, height });
      await page.evaluate('document.activeElement.blur()');
      await expect.poll(() => page.evaluate(OUT_OF_SIGHT), { ...PATIENT, message }).toEqual([]);
      expect(await page.evaluate(CONVERSATION_HEIGHT), message).toBeGreaterThanOrEqual(80);
      expect(await page.evaluate(PAGE_SIZE), message).toEqual([width, height]);
      if (!(await page.evaluate<boolean>(FOCUS_LAST))) continue;
      await expect.poll(() => page.evaluate(FOCUS_IS_SEEN), { ...PATIENT, message }).toBe(true);
      expect(await page.evaluate(OUT_OF_SIGHT), message).toEqual([]);
    }
  }
}

it('keeps Send, the navigation and some conversation in sight on low screens', async () => {
  await fill(tab);
  await fits(tab, [
    [1366, 650],
    [1024, 500],
  ]);
});

it('shows statistics and log side by side where there is room for both', async () => {
  const placeOf = async (name: string) => {
    const box = await tab.page.locator(`.side > .${name}`).boundingBox();
    return box ?? { x: 0, y: 0, width: 0, height: 0 };
  };
  await tab.page.setViewportSize({ width: 1900, height: 900 });
  await expect.poll(async () => (await placeOf('log')).y - (await placeOf('statistics')).y, PATIENT).toBe(0);
  const [statistics, log] = [await placeOf('statistics'), await placeOf('log')];
  expect(log.x).toBeGreaterThanOrEqual(statistics.x + statistics.width);
  expect(log.width).toBeGreaterThan(statistics.width);
});

it('keeps them in sight on phones, and scrolls as a whole if a banner leaves too little room', async () => {
  const phone = await visit.open({ viewport: { width: 320, height: 568 }, isMobile: true, hasTouch: true });
  const { page } = phone;
  await fill(phone);
  await fits(phone, [
    [320, 568],
    [844, 390],
    [375, 400],
    [320, 400],
  ]);
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

/** Chooses a type of message, with its further fields and its preview. */
const SHOW_ALL = `(async (type) => {
  const frame = () => new Promise(requestAnimationFrame);
  [...document.querySelectorAll('[role=tab]')].find(({ textContent }) => textContent === type).click();
  await frame();
  for (const id of ['composer-more', 'composer-preview']) {
    const button = document.querySelector('#' + id + '[aria-expanded=false]');
    if (button?.checkVisibility()) button.click();
  }
  await frame();
})`;

/** Gives the focus to the last field; `false` if there is none. */
const FOCUS_LAST = `(() => {
  const fields = [...document.querySelectorAll('#composer-panel :is(input, select, textarea)')];
  const last = fields.filter((field) => field.checkVisibility()).at(-1);
  last?.focus();
  return last !== undefined;
})()`;

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
