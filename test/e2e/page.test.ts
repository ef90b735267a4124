import { readFile } from 'node:fs/promises';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { PATIENT } from './page-driver.js';
import type { PageProvider } from './page-provider.js';
import { useVisit, type Visit } from './use-page.js';

let visit: Visit;
let provider: PageProvider;
let page: Page;
useVisit((begun) => {
  visit = begun;
  ({ provider } = visit);
  ({ page } = visit.tab);
});

/** From now on the test looks at the page in another browser. */
async function open(options: BrowserContextOptions): Promise<void> {
  ({ page } = await visit.open(options));
}

const row = (type: string) => page.locator('.row', { has: page.getByText(type, { exact: true }) });
const answer = (question: string) =>
  page.locator('article', { has: page.getByRole('heading', { name: question, exact: true }) });
const says = (question: string, text: string) => answer(question).locator('.prose', { hasText: text }).waitFor();
const tab = (name: string) => page.getByRole('tab', { name, exact: true });
const send = () => page.locator('#composer-send');

async function ask(question: string, type = 'streaming_query'): Promise<void> {
  await tab(type).click();
  await page.getByRole('textbox', { name: 'Question', exact: true }).fill(question);
  await send().click();
}

/** Sends a text as it is. */
async function sendRaw(text: string): Promise<void> {
  await tab('raw JSON').click();
  await page.getByRole('textbox', { name: 'raw JSON' }).fill(text);
  await page.locator('#raw-send').click();
}

/** Answers of one conversation follow each other; those of single questions run side by side. */
async function standAlone(): Promise<void> {
  await page.getByRole('button', { name: /^Conversation:/ }).click();
  await page.getByLabel('Questions belong to a conversation').uncheck();
  await page.keyboard.press('Escape');
}

async function ended(question: string, state: string): Promise<void> {
  await expect.poll(() => answer(question).getAttribute('data-state'), PATIENT).toBe(state);
}

describe('connection', () => {
  it('connects by itself, disconnects, and says so', async () => {
    await expect.poll(() => page.locator('#status').textContent(), PATIENT).toBe('Connected');
    await expect
      .poll(() => page.getByLabel('Endpoint', { exact: true }).inputValue(), PATIENT)
      .toBe(`ws://127.0.0.1:${visit.server.port}/ws/agent`);
    await page.getByRole('button', { name: 'Disconnect' }).click();
    await page.waitForSelector('html[data-connection=closed]');
    await expect.poll(() => page.locator('#banner').isHidden(), PATIENT).toBe(true);
  });

  it('refuses a URL that is none', async () => {
    await page.getByRole('button', { name: 'Disconnect' }).click();
    await page.getByLabel('Endpoint', { exact: true }).fill('ftp://example');
    await page.getByRole('button', { name: 'Connect', exact: true }).click();
    await page.getByText('This is not a WebSocket URL').waitFor();
    await expect
      .poll(() => page.getByLabel('Endpoint', { exact: true }).getAttribute('aria-invalid'), PATIENT)
      .toBe('true');
  });

  it('comes back after the server restarted, and shows what was lost', async () => {
    await ask('wait');
    await says('wait', 'first');
    await visit.server.close();
    await page.waitForSelector('html[data-connection=waiting]');
    await page.getByText('Connection closed: 1001').waitFor();
    await page.getByText('The host server was closed.').waitFor();
    await ended('wait', 'interrupted');
    await row('going_away').waitFor();
    await visit.restart();
    await page.waitForSelector('html[data-connection=open]');
    await expect.poll(() => page.locator('#banner').isHidden(), PATIENT).toBe(true);
  });

  it('says of a lost connection what it means to a person', async () => {
    await visit.server.crash();
    await page.waitForSelector('html[data-connection=waiting]');
    const said = () => page.locator('#banner p').textContent();
    await expect.poll(async () => (await said())?.trim(), PATIENT).toBe('The connection was lost.');
    await page.getByRole('button', { name: '切换到中文' }).click();
    await expect.poll(async () => (await said())?.trim(), PATIENT).toBe('连接已中断。');
    await visit.restart();
    await page.waitForSelector('html[data-connection=open]');
  });

  it('goes on with the answers of a connection the server lost', async () => {
    await ask('wait');
    await says('wait', 'first');
    for (const { id } of visit.server.agent.connections) {
      visit.server.agent.connections.disconnect(id, { code: 1011, reason: 'Internal error' });
    }
    await row('resumed').waitFor();
    await answer('wait').getByText('Resumed after message 2').waitFor();
    await ended('wait', 'running');
    provider.release();
    await ended('wait', 'finished');
    await expect.poll(() => answer('wait').locator('.prose').textContent(), PATIENT).toBe('first second');
    await expect.poll(() => page.locator('article').count(), PATIENT).toBe(1);
    expect(provider.aborted).toEqual([]);
  });

  it('stops trying when told to, and comes back with the next question', async () => {
    await visit.server.close();
    await page.getByRole('button', { name: 'Stop trying' }).click();
    await page.waitForSelector('html[data-connection=closed]');
    await visit.restart();
    await ask('hello');
    await ended('hello', 'finished');
  });

  it('stays away after a close code that says so', async () => {
    for (const { id } of visit.server.agent.connections) {
      visit.server.agent.connections.disconnect(id, { code: 4403, reason: 'Forbidden' });
    }
    await page.waitForSelector('html[data-connection=closed]');
    await page.getByText('Connection closed: 4403 · Forbidden').waitFor();
    await page.getByText('This client is not allowed to connect.').waitFor();
    await expect.poll(() => page.getByRole('button', { name: 'Try now' }).isHidden(), PATIENT).toBe(true);
  });
});

describe('messages by form', () => {
  it('sends streaming_query and shows the answer with its numbers', async () => {
    await ask('wait here');
    const card = answer('wait here');
    await card.locator('.prose', { hasText: 'first' }).waitFor();
    await expect.poll(() => card.getAttribute('data-state'), PATIENT).toBe('running');
    await card.locator('[data-metric=first]').waitFor();
    provider.release();
    await ended('wait here', 'finished');
    await expect.poll(() => card.locator('.prose').textContent(), PATIENT).toBe('first second');
    await expect
      .poll(() => card.locator('[data-metric=first] dd').textContent(), PATIENT)
      .toMatch(/^\d+ ms$|^\d\.\d\d s$/);
    await expect.poll(() => card.locator('[data-metric=chunks] dd').textContent(), PATIENT).toBe('2');
    await expect.poll(() => card.locator('[data-metric=tokenRate] dd').textContent(), PATIENT).toMatch(/^\d+(\.\d)?$/);
    await expect.poll(() => card.locator('[data-metric=usage] dd').textContent(), PATIENT).toBe('7 → 3');
    await expect.poll(() => card.locator('[data-metric=finish] dd').textContent(), PATIENT).toBe('stop');
    await expect.poll(() => card.locator('[data-metric=model] dd').textContent(), PATIENT).toBe('scripted · script-1');
  });

  it('sends agent_query', async () => {
    await ask('hello', 'agent_query');
    await ended('hello', 'finished');
    await expect.poll(() => answer('hello').locator('.prose').textContent(), PATIENT).toBe('Hello, world.');
    await row('agent_response').waitFor();
  });

  it('sends tool_call with the params of the chosen tool', async () => {
    await tab('tool_call').click();
    await page.getByLabel('expression').fill('2 ^ 10');
    await send().click();
    await answer('calculator').getByText('1024').first().waitFor();

    await page.getByLabel('tool_name').selectOption('measure');
    await send().click();
    await page.getByText('This field is required.').first().waitFor();
    await page.getByLabel('label', { exact: true }).fill('shelf');
    await page.getByLabel('unit').selectOption('foot');
    await page.getByLabel('count').fill('12');
    await send().click();
    await page.getByText('At most 9.').waitFor();
    await page.getByLabel('count').fill('3');
    await page.getByLabel('exact').selectOption('true');
    await page.getByLabel('tags').fill('a\nb');
    await page.getByLabel('extra').fill('{"deep": [1]}');
    await send().click();
    await ended('measure', 'finished');
    await expect
      .poll(() => answer('measure').locator('.tool-outcome').textContent(), PATIENT)
      .toBe('{"label":"shelf","unit":"foot","count":3,"exact":true,"tags":["a","b"],"extra":{"deep":[1]}}');
  });

  it('sends ping and cancel', async () => {
    await sendRaw('{"type":"ping","request_id":"my-ping"}');
    await page.locator('.row', { hasText: 'pong' }).waitFor();
    await standAlone();
    await ask('wait one');
    await ask('wait two');
    await says('wait two', 'first');
    await sendRaw('{"type":"cancel"}');
    await page.locator('article[data-state=cancelled]').nth(1).waitFor();
    expect(provider.aborted.sort()).toEqual(['wait one', 'wait two']);
  });

  it('shows optional fields on request and refuses a wrong one before it is sent', async () => {
    await page.getByRole('button', { name: /More fields/ }).click();
    await page.getByLabel('run_id').fill('not-a-uuid');
    await ask('hello');
    await page.getByText('A UUID is expected').waitFor();
    await expect.poll(() => page.locator('article').count(), PATIENT).toBe(0);
    await page.getByRole('button', { name: 'JSON', exact: true }).click();
    await page.locator('#composer-json').getByText('"hello"').waitFor();
  });

  it('sends raw JSON, valid or not, and explains the refusal', async () => {
    await sendRaw('{"type": "streaming_query", "query": "raw"}');
    await ended('raw', 'finished');
    await page.getByRole('textbox', { name: 'raw JSON' }).fill('{"type": ');
    await page.getByText('Not valid JSON.').waitFor();
    await page.locator('#raw-send').click();
    await page.locator('.notice', { hasText: 'invalid_json' }).waitFor();
    await sendRaw('{"type": "streaming_query", "query": " "}');
    await page.locator('.notice', { hasText: 'Query is required' }).waitFor();
    await page.getByText('The same request will fail again.').first().waitFor();
  });

  it('works without the document of the server, and says so', async () => {
    const other = await visit.open();
    ({ page } = other);
    await page.route('**/docs/asyncapi.json', (route) => route.fulfill({ status: 404, body: '' }));
    await page.reload();
    await other.isConnected();
    await expect
      .poll(() => page.getByRole('tab').allTextContents(), PATIENT)
      .toEqual(['streaming_query', 'agent_query', 'raw JSON']);
    await ask('hello');
    await ended('hello', 'finished');
    await sendRaw('{"type":"ping"}');
    await page.getByText('publishes no /docs/asyncapi.json').waitFor();
    await row('pong').first().waitFor();
    expect(other.takeComplaints().filter((text) => !text.includes('404'))).toEqual([]);
  });

  it('brings back what was asked before', async () => {
    await ask('hello');
    await page.locator('#query').press('ArrowUp');
    await expect.poll(() => page.locator('#query').inputValue(), PATIENT).toBe('hello');
  });

  it('has quick actions', async () => {
    const quick = page.getByRole('group', { name: 'Quick actions' });
    for (const name of ['Stream', 'Ask', '123 + 456']) await quick.getByRole('button', { name, exact: true }).click();
    await page.locator('article[data-state=finished]').nth(2).waitFor();
    await answer('calculator').getByText('579').first().waitFor();
    await ask('wait');
    await quick.getByRole('button', { name: /Cancel all/ }).click();
    await ended('wait', 'cancelled');
  });
});

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

  it('opens a message as a tree, folds chunks, and finds a run', async () => {
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
    await page.locator('#server-active', { hasText: /^1$/ }).waitFor();
    await page.locator('#server-own', { hasText: /^\d+ · \d+:\d\d$/ }).waitFor();
    await expect.poll(() => page.getByRole('img', { name: /^Latency of the last pings/ }).count(), PATIENT).toBe(1);
  });

  it('exports the session', async () => {
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
    await open({});
    // What Chromium 150 does besides scrolling: the next Tab goes on from there.
    await page.addInitScript(`Element.prototype.scrollIntoView = function () {
      getSelection().collapse(this, 0);
    }`);
    await page.reload();
    await page.waitForSelector('html[data-connection=open]');
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
    await open({});
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

  it('names every control', async () => {
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
  });

  it.each(['light', 'dark'] as const)('keeps the contrast of text at AA or better in %s', async (colorScheme) => {
    await open({ colorScheme, reducedMotion: 'reduce' });
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
    await expect.poll(() => page.evaluate(LOW_CONTRAST), PATIENT).toEqual([]);
    await page.getByRole('button', { name: 'Approve' }).click();
    await says('wait', 'first');
    await page.locator('#drop').click();
    await page.locator('article[data-cut=true]').waitFor();
    await expect.poll(() => page.evaluate(LOW_CONTRAST), PATIENT).toEqual([]);
    await page.getByText(/^Resumed after/).waitFor();
    await page.getByRole('button', { name: /^Conversation:/ }).click();
    await expect.poll(() => page.evaluate(LOW_CONTRAST), PATIENT).toEqual([]);
  });

  it.each([320, 390])(
    'keeps its quick actions where they are while an answer runs, at a width of %i',
    async (width) => {
      await open({ viewport: { width, height: 740 }, isMobile: true, hasTouch: true });
      const places = () => page.evaluate<unknown>(PLACES);
      const before = await places();
      await ask('wait');
      await says('wait', 'first');
      const cancel = page.getByRole('button', { name: /^Cancel all/ });
      await expect.poll(() => cancel.isEnabled(), PATIENT).toBe(true);
      expect(await places()).toEqual(before);
      // What stops things is in sight without a swipe.
      const box = await cancel.boundingBox();
      expect((box?.x ?? width) + (box?.width ?? width)).toBeLessThanOrEqual(width);
      await cancel.tap();
      await ended('wait', 'cancelled');
    },
  );

  it.each([320, 375])('shows the codes whole and the header of their list at a width of %i', async (width) => {
    await open({ viewport: { width, height: 667 } });
    await page.getByRole('button', { name: 'Close codes and error codes' }).click();
    await page.getByRole('dialog').waitFor();
    // One line for a close code, two at most for an error code.
    const [closeCode = 0, errorCode = 0] = await page.evaluate<number[]>(HIGHEST_CODES);
    expect(closeCode).toBeLessThan(24);
    expect(errorCode).toBeLessThan(44);
    expect(await page.evaluate(HEAD_PADDING)).toBeGreaterThanOrEqual(12);
    expect(await page.evaluate('document.querySelector("#codes .dialog-scroll").scrollWidth')).toBeLessThanOrEqual(
      width,
    );
  });

  it('fits a phone', async () => {
    await open({ viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true });
    await page.getByRole('textbox', { name: 'Question', exact: true }).fill('hostile');
    await send().click();
    await ended('hostile', 'finished');
    const views = page.getByRole('navigation', { name: 'Parts of the page' });
    for (const view of ['Conversation', 'Messages', 'Statistics']) {
      await views.getByRole('button', { name: view }).click();
      await expect.poll(() => page.evaluate('document.documentElement.scrollWidth'), PATIENT).toBe(390);
    }
    await expect.poll(() => page.getByRole('heading', { name: 'Statistics' }).isVisible(), PATIENT).toBe(true);
    await expect.poll(() => page.locator('#conversation').isHidden(), PATIENT).toBe(true);
    await page.getByRole('button', { name: 'Endpoint, protocol and token' }).click();
    await expect.poll(() => page.getByLabel('Endpoint', { exact: true }).isVisible(), PATIENT).toBe(true);
  });
});

/** The rows of the log as the document has them, by their place in time, and what is open among them. */
const ROWS_IN_ORDER = `[...document.querySelectorAll('#log-rows > *')].map(
  (element) => element.getAttribute('aria-posinset') ?? 'detail',
)`;

/** How high the code is that takes the most lines, among the close codes and among the error codes. */
const HIGHEST_CODES = `['close-codes', 'error-codes'].map((id) =>
  Math.max(...[...document.querySelectorAll('#' + id + ' th code')].map((code) => code.getBoundingClientRect().height)),
)`;

/** What lies between the top of the dialog and its title. */
const HEAD_PADDING = `document.getElementById('codes-title').getBoundingClientRect().top
  - document.getElementById('codes').getBoundingClientRect().top`;

const BEFORE_DETAIL = "document.querySelector('.detail').previousElementSibling.textContent";

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
  const paint = (colors) => {
    for (const color of colors) {
      context.fillStyle = color;
      context.fillRect(0, 0, 1, 1);
    }
    return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const luminance = (rgb) => {
    const [r, g, b] = rgb.map((value) => value / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const found = [];
  for (const element of document.querySelectorAll('body *')) {
    const says = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== '');
    if (!says || !element.checkVisibility() || element.closest('button:disabled, option, .skip, svg')) continue;
    const behind = [];
    for (let at = element; at !== null; at = at.parentElement) behind.unshift(getComputedStyle(at).backgroundColor);
    const back = luminance(paint(['white', ...behind]));
    const front = luminance(paint(['white', ...behind, getComputedStyle(element).color]));
    const contrast = (Math.max(back, front) + 0.05) / (Math.min(back, front) + 0.05);
    if (contrast < 4.5) found.push(element.className + ' ' + element.textContent.slice(0, 30) + ' ' + contrast.toFixed(2));
  }
  return found;
})()`;
