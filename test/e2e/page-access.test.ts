import { describe, expect, it, onTestFinished } from 'vitest';
import { answer, ask, ended, open, page, provider, row, says, send, tab, useOnePage, visit } from './one-page.js';
import { PATIENT } from './page-driver.js';

useOnePage({ opensTab: false });

const SCRIPT = '**/static/test_websocket.js';

describe('for everybody', () => {
  it('speaks Chinese to those who prefer it, switches, and remembers', async () => {
    await open({ locale: 'zh-CN' });
    await expect.poll(() => page.getAttribute('html', 'lang'), PATIENT).toBe('zh-CN');
    await page.getByRole('heading', { name: '提一个问题，看答案逐字到来。' }).waitFor();
    await page.getByRole('button', { name: 'Switch to English' }).click();
    await page.getByRole('heading', { name: 'Ask something, and watch it arrive.' }).waitFor();
    await page.reload();
    await expect.poll(() => page.getAttribute('html', 'lang'), PATIENT).toBe('en');
    await page.getByRole('button', { name: '切换到中文' }).click();
    await page.getByRole('button', { name: '关闭码与错误码' }).click();
    await page.getByRole('dialog').getByText('服务器正在排空').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
  });

  it('follows the system, and the person over the system', async () => {
    await open({ colorScheme: 'dark' });
    const background = () => page.evaluate<string>('getComputedStyle(document.documentElement).backgroundColor');
    const dark = await background();
    await page.emulateMedia({ colorScheme: 'light' });
    const light = await background();
    expect(light).not.toBe(dark);
    const button = page.getByRole('button', { name: /^Theme/ });
    await button.click();
    await button.click();
    await expect.poll(() => button.getAttribute('aria-label'), PATIENT).toBe('Theme: dark');
    await expect.poll(() => background(), PATIENT).toBe(dark);
    await page.reload();
    await expect.poll(() => background(), PATIENT).toBe(dark);
  });

  it('begins with the links that skip its parts, whatever a browser makes of scrolling', async () => {
    await open({}, 'about:blank');
    // What Chromium 150 does besides scrolling: the next Tab goes on from there.
    const spoilt = `Element.prototype.scrollIntoView = function () {
      getSelection().collapse(this, 0);
    };`;
    await page.route(SCRIPT, async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, body: spoilt + (await response.text()) });
    });
    onTestFinished(() => page.unroute(SCRIPT));
    await page.goto(visit.server.url);
    await page.waitForSelector('html[data-connection=open]');
    expect(await page.evaluate('String(Element.prototype.scrollIntoView)')).toContain('collapse');
    await page.keyboard.press('Tab');
    await expect.poll(() => page.evaluate('document.activeElement.getAttribute("href")'), PATIENT).toBe('#composer');
  });

  it('brings the last tab into sight, and leaves the page where it is', async () => {
    await open({ viewport: { width: 320, height: 740 } });
    await tab('streaming_query').focus();
    await page.keyboard.press('End');
    const last = tab('raw JSON');
    await expect.poll(() => last.getAttribute('aria-selected'), PATIENT).toBe('true');
    const list = await page.locator('.tabs').boundingBox();
    const box = await last.boundingBox();
    expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThanOrEqual((list?.x ?? 0) + (list?.width ?? 0));
    expect(await page.evaluate('document.scrollingElement.scrollTop')).toBe(0);
  });

  it('can be used with the keyboard alone', async () => {
    await open();
    await tab('streaming_query').focus();
    await page.keyboard.press('ArrowRight');
    await expect.poll(() => tab('agent_query').getAttribute('aria-selected'), PATIENT).toBe('true');
    await page.keyboard.press('Home');
    await page.keyboard.press('Tab');
    await page.keyboard.type('wait by keys');
    await page.keyboard.press('Shift+Enter');
    await page.keyboard.type('second line');
    await page.keyboard.press('Enter');
    const card = page.locator('article');
    await card.locator('.prose', { hasText: 'first' }).waitFor();
    await card.getByRole('button', { name: 'Cancel' }).focus();
    await page.keyboard.press('Enter');
    await page.waitForSelector('article[data-state=cancelled]');
    await page.locator('.row-button').first().focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.locator('.detail .json').waitFor();
    await page.getByText('Answer ended after').waitFor({ state: 'attached' });
  });

  it('goes on from where it was when what had the focus leaves the page', async () => {
    const focused = () => page.evaluate('document.activeElement.localName');
    const press = async (name: string): Promise<void> => {
      await answer('wait').getByRole('button', { name }).press('Enter');
    };
    await open();
    await ask('wait');
    await ended('wait', 'running');
    await press('Cancel');
    await ended('wait', 'cancelled');
    await expect.poll(focused, PATIENT).toBe('article');
    await press('Regenerate');
    await ended('wait', 'running');
    await expect.poll(focused, PATIENT).not.toBe('body');
    provider.release();
    await ended('wait', 'finished');
  });

  it('names every control', async () => {
    await open();
    await ask('hello');
    await ended('hello', 'finished');
    for (const type of ['streaming_query', 'agent_query', 'tool_call', 'raw JSON']) {
      await tab(type).click();
      await expect.poll(() => page.evaluate(UNNAMED), PATIENT).toEqual([]);
    }
    await page.getByRole('button', { name: 'Runs on the server' }).click();
    await page.locator('#runs-rows tr').waitFor();
    await page.getByRole('button', { name: /^Conversation:/ }).click();
    await page.getByRole('dialog').waitFor();
    expect(await page.evaluate(UNNAMED)).toEqual([]);
    await page.keyboard.press('Escape');
    await page.locator('#room-open').click();
    await page.getByRole('button', { name: 'Join' }).first().click();
    await page.locator('.room-composer').waitFor();
    expect(await page.evaluate(UNNAMED)).toEqual([]);
  });

  it('keeps the contrast of text at AA or better, in light and in dark', async () => {
    await open();
    const isReadable = async (): Promise<void> => {
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        await expect.poll(() => page.evaluate(LOW_CONTRAST), { ...PATIENT, message: colorScheme }).toEqual([]);
      }
    };
    await ask('hostile');
    await ended('hostile', 'finished');
    await ask('fail');
    await page.waitForSelector('article[data-state=failed]');
    await ask('refund it');
    await page.locator('.approval[data-state=open]').waitFor();
    await ask('wait');
    await page.getByText('In line, 1 before it').waitFor();
    await page.getByRole('button', { name: 'Runs on the server' }).click();
    await page.locator('#runs-rows [data-state=queued]').waitFor();
    await row('runs').last().getByRole('button').click();
    await isReadable();
    await page.getByRole('button', { name: 'Approve' }).click();
    await says('wait', 'first');
    await page.locator('#drop').click();
    await page.locator('article[data-cut=true]').waitFor();
    await isReadable();
    await page.getByText(/^Resumed after/).waitFor();
    await page.getByRole('button', { name: /^Conversation:/ }).click();
    await isReadable();
  });

  it('keeps its quick actions where they are while an answer runs, on narrow screens', async () => {
    await open({ viewport: { width: 320, height: 740 }, isMobile: true, hasTouch: true });
    const cancel = page.getByRole('button', { name: /^Cancel all/ });
    for (const width of [320, 390]) {
      await page.setViewportSize({ width, height: 740 });
      const before = await page.evaluate<unknown>(PLACES);
      await ask(`wait at ${width}`);
      await says(`wait at ${width}`, 'first');
      await expect.poll(() => cancel.isEnabled(), PATIENT).toBe(true);
      expect(await page.evaluate<unknown>(PLACES)).toEqual(before);
      // What stops things is in sight without a swipe.
      const box = await cancel.boundingBox();
      expect((box?.x ?? width) + (box?.width ?? width)).toBeLessThanOrEqual(width);
      await cancel.tap();
      await ended(`wait at ${width}`, 'cancelled');
      await expect.poll(() => cancel.isEnabled(), PATIENT).toBe(false);
    }
  });

  it('shows the codes whole and the header of their list on narrow screens', async () => {
    await open({ viewport: { width: 320, height: 667 } });
    await page.getByRole('button', { name: 'Close codes and error codes' }).click();
    await page.getByRole('dialog').waitFor();
    for (const width of [320, 375]) {
      await page.setViewportSize({ width, height: 667 });
      // One line for a close code, two at most for an error code.
      const [closeCode = 0, errorCode = 0] = await page.evaluate<number[]>(HIGHEST_CODES);
      expect(closeCode).toBeLessThan(24);
      expect(errorCode).toBeLessThan(44);
      expect(await page.evaluate(HEAD_PADDING)).toBeGreaterThanOrEqual(12);
      expect(await page.evaluate('document.querySelector("#codes .dialog-scroll").scrollWidth')).toBeLessThanOrEqual(
        width,
      );
    }
  });

  it('fits a phone', async () => {
    await open({ viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true });
    await page.getByRole('textbox', { name: 'Question', exact: true }).fill('hostile');
    await send().click();
    await ended('hostile', 'finished');
    const views = page.getByRole('navigation', { name: 'Parts of the page' });
    for (const view of ['Conversation', 'Room', 'Messages', 'Statistics']) {
      await views.getByRole('button', { name: view }).click();
      await expect.poll(() => page.evaluate('document.documentElement.scrollWidth'), PATIENT).toBe(390);
    }
    await expect.poll(() => page.getByRole('heading', { name: 'Statistics' }).isVisible(), PATIENT).toBe(true);
    await expect.poll(() => page.locator('#conversation').isHidden(), PATIENT).toBe(true);
    // The numbers of the server stand one below the other, each in its line.
    expect((await page.locator('.server dl').boundingBox())?.height).toBeLessThan(150);
    await page.getByRole('button', { name: 'Endpoint, protocol and token' }).click();
    await expect.poll(() => page.getByLabel('Endpoint', { exact: true }).isVisible(), PATIENT).toBe(true);
  });
});

/** How high the code is that takes the most lines, among the close codes and among the error codes. */
const HIGHEST_CODES = `['close-codes', 'error-codes'].map((id) =>
  Math.max(...[...document.querySelectorAll('#' + id + ' th code')].map((code) => code.getBoundingClientRect().height)),
)`;

/** What lies between the top of the dialog and its title. */
const HEAD_PADDING = `document.getElementById('codes-title').getBoundingClientRect().top
  - document.getElementById('codes').getBoundingClientRect().top`;

/** Where the quick actions begin and end. */
const PLACES = `[...document.querySelectorAll('.quick button')].map((button) => {
  const { left, right } = button.getBoundingClientRect();
  return [left, right];
})`;

/** Controls that a screen reader could only call "button" or "edit". */
const UNNAMED = `[...document.querySelectorAll('button, a[href], input, select, textarea, [role=img], summary')]
  .filter((element) => element.checkVisibility())
  .filter((element) => {
    const labelled = (element.getAttribute('aria-labelledby') ?? '').split(' ').map((id) => document.getElementById(id)?.textContent ?? '').join('');
    const labels = [...(element.labels ?? [])].map((label) => label.textContent).join('');
    return ((element.getAttribute('aria-label') ?? '') + labelled + labels + element.textContent).trim() === '';
  })
  .map((element) => element.outerHTML)`;

/** Enabled text whose contrast with what lies behind it is below 4.5 (WCAG 2.2, 1.4.3). */
const LOW_CONTRAST = `(() => {
  const context = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  // Thousands of elements have a few dozen pairs of colors.
  const painted = new Map();
  const paint = (colors) => {
    const seen = colors.filter((color) => color !== 'rgba(0, 0, 0, 0)');
    const key = seen.join();
    if (!painted.has(key)) {
      for (const color of seen) {
        context.fillStyle = color;
        context.fillRect(0, 0, 1, 1);
      }
      painted.set(key, [...context.getImageData(0, 0, 1, 1).data].slice(0, 3));
    }
    return painted.get(key);
  };
  // The backgrounds from the page to an element.
  const backgrounds = new Map([[null, ['white']]]);
  const colorsOf = (element) => {
    if (!backgrounds.has(element)) {
      backgrounds.set(element, [...colorsOf(element.parentElement), getComputedStyle(element).backgroundColor]);
    }
    return backgrounds.get(element);
  };
  const luminance = (rgb) => {
    const [r, g, b] = rgb.map((value) => value / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const found = [];
  for (const element of document.querySelectorAll('body *')) {
    const says = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== '');
    if (!says || !element.checkVisibility() || element.closest('button:disabled, option, .skip, svg')) continue;
    const behind = colorsOf(element);
    const back = luminance(paint(behind));
    const front = luminance(paint([...behind, getComputedStyle(element).color]));
    const contrast = (Math.max(back, front) + 0.05) / (Math.min(back, front) + 0.05);
    if (contrast < 4.5) found.push(element.className + ' ' + element.textContent.slice(0, 30) + ' ' + contrast.toFixed(2));
  }
  return found;
})()`;
