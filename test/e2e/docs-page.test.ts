import type { BrowserContextOptions, Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { PATIENT } from './page-driver.js';
import { useVisit, type Visit } from './use-page.js';

let visit: Visit;
let page: Page;
useVisit((begun) => (visit = begun), { opensTab: false });

async function open(options: BrowserContextOptions = {}, place = ''): Promise<void> {
  ({ page } = await visit.open({ viewport: { width: 1280, height: 900 }, ...options }, `/docs${place}`));
  await page.locator('#http table').waitFor();
}

const isInView = async (selector: string): Promise<boolean> => {
  const box = await page.locator(selector).boundingBox();
  return box !== null && box.y + box.height > 0 && box.y < (page.viewportSize()?.height ?? 0);
};

describe('the documentation page', () => {
  it('finds messages, fields and codes, by keyboard', async () => {
    await open();
    await page.keyboard.press('/');
    await page.keyboard.type('first_seq');
    await expect.poll(() => page.locator('#results a').count(), PATIENT).toBe(2);
    await page.keyboard.press('Enter');
    await expect.poll(() => isInView('[id="stream_chunk.first_seq"]'), PATIENT).toBe(true);
    expect(await page.locator('#results').count()).toBe(0);
    await page.fill('#search', '4401');
    await page.locator('#results a').first().click();
    await expect.poll(() => isInView('#close-4401'), PATIENT).toBe(true);
    await page.fill('#search', 'no such thing');
    await page.getByText('Nothing found').first().waitFor();
  });

  it('has contents that follow the reader', async () => {
    await open({}, '#stream_end');
    const current = page.locator('.contents [aria-current]');
    await expect.poll(() => current.textContent(), PATIENT).toBe('stream_end');
    expect(await isInView('.contents [aria-current]')).toBe(true);
    await page.locator('.contents a', { hasText: 'Resume a run' }).click();
    await expect.poll(() => current.textContent(), PATIENT).toBe('Resume a run');
    const ends = await page.evaluate<string[]>(
      "[...document.querySelectorAll('.contents a')].map((link) => link.getAttribute('href'))",
    );
    expect(ends.length).toBeGreaterThan(50);
    const counts = await page.evaluate<number[]>(
      `${JSON.stringify(ends)}.map((end) => document.querySelectorAll(\`[id="\${end.slice(1)}"]\`).length)`,
    );
    expect(ends.filter((_, index) => counts[index] !== 1)).toEqual([]);
  });

  it('speaks the language of the reader, and the other one', async () => {
    await open({ locale: 'zh-CN' });
    expect(await page.locator('html').getAttribute('lang')).toBe('zh-CN');
    await page.locator('#ping p', { hasText: '检查服务器是否应答' }).waitFor();
    await page.locator('[id="error-query_required"]', { hasText: '缺少问题' }).waitFor();
    await page.getByRole('button', { name: 'English' }).click();
    await page.locator('#ping p', { hasText: 'Checks that the server answers.' }).waitFor();
    expect(await page.title()).toBe('agent-ws · Documentation');
    // The test page shares the choice.
    expect(await page.evaluate("localStorage.getItem('agent-ws.language')")).toBe('en');
  });

  it('draws its sequences and tells them as text, copies an example, and says what is missing without scripts', async () => {
    await open({ permissions: ['clipboard-read', 'clipboard-write'] });
    expect(await page.locator('.sequence svg[role=img]').count()).toBe(4);
    const cancel = page.locator('#sequence-cancel');
    await cancel.getByText('As text').click();
    await cancel.getByText('Client → Server: cancel').waitFor();

    await page.locator('#cancel').getByRole('button', { name: 'Copy' }).click();
    await page.locator('#cancel').getByText('Copied').waitFor();
    const copied = await page.evaluate<string>('navigator.clipboard.readText()');
    expect(JSON.parse(copied)).toMatchObject({ type: 'cancel' });

    // The text that a browser without scripts shows; this one has it as text.
    const missing = (await page.locator('noscript').textContent()) ?? '';
    expect(missing).toContain('This page needs JavaScript.');
    expect(missing).toContain('href="docs/asyncapi.json"');
  });

  it('fits a telephone, where the contents fold', async () => {
    await open({ viewport: { width: 390, height: 800 } });
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390);
    expect(await page.locator('.contents').isVisible()).toBe(false);
    await page.locator('summary', { hasText: 'Contents' }).click();
    expect(await page.locator('.contents').isVisible()).toBe(true);
  });
});
