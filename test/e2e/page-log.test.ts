import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { answer, ask, ended, page, provider, row, says, standAlone, useOnePage, visit } from './one-page.js';
import { PATIENT } from './page-driver.js';

useOnePage();

describe('answers', () => {
  it('shows markup in an answer as text and never runs it', async () => {
    await ask('hostile');
    await ended('hostile', 'finished');
    const body = answer('hostile').locator('.answer-body');
    await expect.poll(() => body.textContent(), PATIENT).toContain('<img src=x onerror="window.pwned=1">');
    await expect.poll(() => body.locator('img, script, a, iframe').count(), PATIENT).toBe(0);
    await expect.poll(() => body.locator('strong').textContent(), PATIENT).toBe('bold');
    await expect.poll(() => body.locator('li').allTextContents(), PATIENT).toEqual(['one', 'two']);
    await expect.poll(() => body.locator('pre').textContent(), PATIENT).toBe('<script>window.pwned=3</script>');
    await expect.poll(() => page.evaluate('window.pwned'), PATIENT).toBeUndefined();
  });

  it('shows reasoning and tool calls inside the answer', async () => {
    await ask('think');
    await ended('think', 'finished');
    const card = answer('think');
    await card.locator('.reasoning', { hasText: 'Thinking aloud' }).first().waitFor();
    await expect.poll(() => card.locator('.tool-name').textContent(), PATIENT).toBe('calculator');
    await expect.poll(() => card.locator('.tool-outcome').textContent(), PATIENT).toBe('42');
    await expect.poll(() => card.locator('.prose strong').textContent(), PATIENT).toBe('42');
  });

  it('shows a failed run with its code in words', async () => {
    await ask('fail');
    await ended('fail', 'failed');
    const card = answer('fail');
    await card.getByText('provider_error').waitFor();
    await card.getByText('The model provider failed. The same request may succeed later.').waitFor();
    await expect.poll(() => card.locator('.prose').textContent(), PATIENT).toContain('half an');
  });

  it('cancels one run and leaves the other alone', async () => {
    await standAlone();
    await ask('wait one');
    await ask('wait two');
    await says('wait two', 'first');
    await answer('wait one').getByRole('button', { name: 'Cancel' }).click();
    await ended('wait one', 'cancelled');
    await expect.poll(() => answer('wait two').getAttribute('data-state'), PATIENT).toBe('running');
    provider.release();
    await ended('wait two', 'finished');
    expect(provider.aborted).toEqual(['wait one']);
  });

  it('keeps the document small under thousands of chunks', async () => {
    visit.spoil();
    await page.getByLabel('Fold chunks').uncheck();
    await ask('many');
    await ended('many', 'finished');
    await expect.poll(() => answer('many').locator('.prose').textContent(), PATIENT).toMatch(/^w0 .* w5999 $/);
    await expect.poll(() => page.locator('.row').count(), PATIENT).toBeLessThan(80);
    await expect.poll(() => page.locator('#log-count').textContent(), PATIENT).toMatch(/of \d+/);
  });
});

describe('log', () => {
  it('filters by direction, type and text', async () => {
    await visit.afresh();
    visit.spoil();
    await ask('hello');
    await ended('hello', 'finished');
    await page.getByLabel('Direction').selectOption('out');
    await row('connected').waitFor({ state: 'detached' });
    await expect
      .poll(() => page.locator('.row-type').allTextContents(), PATIENT)
      .toEqual(['watch', 'history', 'streaming_query']);
    await page.getByLabel('Direction').selectOption('all');
    await page.locator('#log-type').selectOption('stream_end');
    await row('connected').waitFor({ state: 'detached' });
    await expect.poll(() => page.locator('.row-type').allTextContents(), PATIENT).toEqual(['stream_end']);
    await page.locator('#log-type').selectOption('');
    await page.getByRole('searchbox', { name: 'Filter by text' }).fill('no such text');
    await page.getByText('No message passes the filter.').waitFor();
    await page.getByRole('button', { name: 'Reset the filter' }).click();
    await row('connected').waitFor();
  });

  it('holds its rows in the order of time, whatever was filtered before', async () => {
    await visit.afresh();
    visit.spoil();
    await ask('hello');
    await ended('hello', 'finished');
    const places = () => page.evaluate<string[]>(ROWS_IN_ORDER);
    await page.getByLabel('Direction').selectOption('out');
    await row('connected').waitFor({ state: 'detached' });
    await row('streaming_query').getByRole('button').click();
    await page.getByLabel('Direction').selectOption('all');
    await row('connected').waitFor();
    const rows = await places();
    expect(rows.length).toBeGreaterThan(8);
    const asked = rows.indexOf('detail');
    // What belongs to a row follows it.
    const sorted = rows.filter((place) => place !== 'detail').sort((a, b) => Number(a) - Number(b));
    expect(rows).toEqual([...sorted.slice(0, asked), 'detail', ...sorted.slice(asked)]);
    expect(await page.evaluate(BEFORE_DETAIL)).toContain('streaming_query');
    // The row with the focus keeps it while others come.
    await row('streaming_query').getByRole('button').focus();
    await page.evaluate(
      "[...document.querySelectorAll('.quick button')].find(({ textContent }) => textContent === 'Ping').click()",
    );
    await row('pong').first().waitFor({ state: 'attached' });
    expect(await page.evaluate('document.activeElement.textContent')).toContain('streaming_query');
  });

  it('leaves a person alone who scrolls back, however little', async () => {
    for (const question of ['hello', 'think', 'hello again']) await ask(question);
    await ended('hello again', 'finished');
    const top = () => page.evaluate<number>("document.getElementById('log-scroll').scrollTop");
    await expect.poll(top, PATIENT).toBeGreaterThan(50);
    const moved = await page.evaluate<number>(SCROLL_BACK);
    await page.getByRole('button', { name: 'Ping', exact: true }).click();
    await row('pong').first().waitFor({ state: 'attached' });
    expect(await top()).toBe(moved);
    visit.spoil();
  });

  it('opens a message as a tree, folds chunks, and finds a run', async () => {
    await visit.afresh();
    visit.spoil();
    await ask('hello');
    await ended('hello', 'finished');
    await page.locator('.row', { hasText: '×2' }).getByRole('button').click();
    await page.locator('.detail', { hasText: 'Hello, world.' }).waitFor();
    await row('stream_end').getByRole('button').click();
    await page.locator('.detail .json', { hasText: 'finish_reason' }).waitFor();
    await page.locator('.detail').getByRole('button', { name: 'Only this run' }).click();
    await row('connected').waitFor({ state: 'detached' });
    await expect.poll(() => row('streaming_query').count(), PATIENT).toBe(1);
  });
});

describe('statistics and export', () => {
  it('counts, draws and asks the server', async () => {
    await page.locator('#stat-latency', { hasText: /^\d+ ms$/ }).waitFor();
    await page.locator('[data-metric=active] dd', { hasText: /^1$/ }).waitFor();
    await page.locator('[data-metric=own] dd', { hasText: /^\d+ · \d+:\d\d$/ }).waitFor();
    await expect.poll(() => page.getByRole('img', { name: /^Latency of the last pings/ }).count(), PATIENT).toBe(1);
  });

  it('exports the session', async () => {
    await visit.afresh();
    await ask('hello');
    await ended('hello', 'finished');
    const downloading = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Export this session as JSON' }).click();
    const download = await downloading;
    expect(download.suggestedFilename()).toMatch(/^agent-ws-session-.*\.json$/);
    const session = JSON.parse(await readFile(await download.path(), 'utf8')) as {
      runs: { request: { query: string }; end: string; first_token_ms: number }[];
      messages: { direction: string; bytes: number; message: { type: string } }[];
    };
    expect(session.runs).toHaveLength(1);
    expect(session.runs[0]).toMatchObject({ end: 'finished', request: { query: 'hello' } });
    expect(session.runs[0]?.first_token_ms).toBeGreaterThan(0);
    const types = session.messages.map(({ message }) => message.type);
    expect(types).toEqual(
      expect.arrayContaining(['open', 'connected', 'streaming_query', 'stream_chunk', 'stream_end']),
    );
  });
});

/** The rows of the log as the document has them, by their place in time, and what is open among them. */
const ROWS_IN_ORDER = `[...document.querySelectorAll('#log-rows > *')].map(
  (element) => element.getAttribute('aria-posinset') ?? 'detail',
)`;

const BEFORE_DETAIL = "document.querySelector('.detail').previousElementSibling.textContent";

/** Scrolls less than a row back, and gives where the list stands after the page has drawn that. */
const SCROLL_BACK = `(async () => {
  const element = document.getElementById('log-scroll');
  const { scrollTop } = element;
  const scrolled = new Promise((resolve) => element.addEventListener('scroll', resolve, { once: true }));
  element.scrollTop = scrollTop - 10;
  await scrolled;
  await new Promise(requestAnimationFrame);
  return scrollTop - 10;
})()`;
