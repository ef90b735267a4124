import { beforeEach, describe, expect, it } from 'vitest';
import { type PageDriver, PATIENT } from './page-driver.js';
import type { PageProvider } from './page-provider.js';
import { useVisit, type Visit } from './use-page.js';

let visit: Visit;
let provider: PageProvider;
let tab: PageDriver;
useVisit((begun) => {
  visit = begun;
  ({ provider, tab } = visit);
});

describe('a dropped connection', () => {
  beforeEach(() => tab.reconnect());

  it('lets the answer go on and shows the same text as without the drop', async () => {
    await tab.ask('wait here');
    await tab.says('wait here', 'first ');
    await tab.page.getByRole('button', { name: 'Drop the connection' }).click();
    await tab.page.getByText('You dropped the connection').waitFor();
    await expect.poll(() => tab.answer('wait here').getAttribute('data-cut'), PATIENT).toBe('true');
    await tab.answer('wait here').getByText('Connection lost, reconnecting…').waitFor();
    provider.release();
    await tab.is('wait here', 'finished');
    await tab.says('wait here', 'first second');
    await tab.answer('wait here').getByText('Resumed after message 2').waitFor();
    expect(provider.aborted).toEqual([]);
    await expect.poll(() => tab.page.locator('#banner').isHidden(), PATIENT).toBe(true);
  });

  it('is said to screen readers when it is back', async () => {
    await tab.ask('wait here');
    await tab.says('wait here', 'first ');
    await tab.page.getByRole('button', { name: 'Drop the connection' }).click();
    await tab.page.getByText('Connected again. Reading on: 1.').waitFor({ state: 'attached' });
    await expect.poll(() => tab.answer('wait here').getAttribute('data-cut'), PATIENT).toBe('false');
    await tab.press('wait here', 'Cancel');
    await tab.is('wait here', 'cancelled');
  });

  it('applies a long answer once, however often it is dropped', async () => {
    await tab.ask('steps');
    for (let drop = 1; drop <= 3; drop++) {
      await tab.says('steps', ['one ', 'one two ', 'one two three '][drop - 1] ?? '');
      await tab.page.locator('#drop').click();
      provider.release();
      await tab.page.getByRole('button', { name: 'Try now' }).click();
      await tab.isConnected();
    }
    await tab.says('steps', 'one two three four ');
    await tab.is('steps', 'finished');
    await tab
      .answer('steps')
      .getByText(/^Resumed 3 times/)
      .waitFor();
  });

  it('applies pieces the server joined meanwhile', async () => {
    await tab.ask('many');
    await tab.answer('many').locator('.prose').waitFor();
    await tab.page.locator('#drop').click();
    const words = Array.from({ length: 6_000 }, (_, index) => `w${index} `).join('');
    await tab.says('many', words);
    await tab.is('many', 'finished');
  });

  it('is shown by one button of the welcome', async () => {
    await tab.page.getByRole('button', { name: 'Drop and resume' }).click();
    await tab.page.getByText('You dropped the connection').waitFor();
    await tab.page.locator('article[data-state=finished] .prose', { hasText: 'Hello, world.' }).waitFor();
    await tab.page.getByText(/^Resumed after message/).waitFor();
  });

  it('carries whole answers and tool calls over as well', async () => {
    await tab.ask('wait whole', 'agent_query');
    await tab.is('wait whole', 'running');
    await tab.page.locator('#drop').click();
    provider.release();
    await tab.is('wait whole', 'finished');
    await tab.says('wait whole', 'first second');
  });

  it('asks a question nobody confirmed again, and it is answered once', async () => {
    // Nothing reaches the page after the question left: it cannot know whether it arrived.
    await tab.page.evaluate(`(() => {
      const send = WebSocket.prototype.send;
      WebSocket.prototype.send = function (text) {
        send.call(this, text);
        if (!String(text).includes('"recall once"')) return;
        WebSocket.prototype.send = send;
        queueMicrotask(() => document.getElementById('drop').click());
      };
    })()`);
    await tab.ask('recall once');
    await tab.says('recall once', 'You asked: recall once. Answer 1.');
    await expect.poll(() => tab.row('streaming_query').count(), PATIENT).toBe(2);
    await tab.shows('recall once');
  });

  it('closes for good with the button, and comes back with it', async () => {
    await tab.ask('wait here');
    await tab.says('wait here', 'first ');
    await tab.page.getByRole('button', { name: 'Disconnect' }).click();
    await tab.is('wait here', 'lost');
    await tab.page.locator('#connect').click();
    await tab.is('wait here', 'running');
    provider.release();
    await tab.says('wait here', 'first second');
  });
});

describe('a log that comes with holes and repetitions', () => {
  it('is read again where a message is missing, and a repeated one is left out', async () => {
    visit.spoil();
    // The first piece never arrives; what the second reading brings comes twice.
    await tab.page.evaluate(`{
      let lost;
      const listen = EventTarget.prototype.addEventListener;
      WebSocket.prototype.addEventListener = function (type, listener) {
        listen.call(this, type, type !== 'message' ? listener : (event) => {
          const isChunk = event.data.includes('"stream_chunk"');
          if (isChunk) lost ??= event;
          if (event === lost) return;
          listener(event);
          if (isChunk) listener(event);
        });
      };
    }`);
    await tab.page.getByRole('button', { name: 'Disconnect' }).click();
    await tab.page.locator('#connect').click();
    await tab.isConnected();
    await tab.ask('hello');
    await tab.says('hello', 'Hello, world.');
    await tab.is('hello', 'finished');
    await tab.row('resumed').waitFor();
  });
});

describe('the documented core', () => {
  it('is spoken over a plain connection', async () => {
    await tab.page.getByRole('tab', { name: 'raw JSON', exact: true }).click();
    await tab.page.locator('#raw-source').selectOption('plain');
    await tab.page.locator('#raw-type').selectOption('streaming_query');
    await tab.page.locator('#raw-json').fill('{"type":"streaming_query","query":"hello"}');
    await tab.page.locator('#raw-send').click();
    await tab.row('stream_end').waitFor();
    await expect.poll(() => tab.row('accepted').count(), PATIENT).toBe(0);
    await tab.page.getByRole('button', { name: 'Disconnect' }).last().click();
    await tab.row('close').waitFor();
    await tab.isConnected();
  });
});

describe('a reload', () => {
  it('reads on what runs, in the conversation and outside of it', async () => {
    await tab.ask('wait inside');
    await tab.says('wait inside', 'first ');
    await tab.page.locator('#thread-open').click();
    await tab.page.getByLabel('Questions belong to a conversation').uncheck();
    await tab.page.keyboard.press('Escape');
    await tab.ask('wait outside');
    await tab.says('wait outside', 'first ');
    await tab.page.reload();
    await tab.isConnected();
    await tab.says('wait outside', 'first ');
    provider.release();
    await tab.says('wait outside', 'first second');
    await tab.is('wait outside', 'finished');
  });
});

describe('a server that restarted', () => {
  it('leaves the outcome unknown where it does not know the run any more', async () => {
    await tab.ask('hello');
    await tab.is('hello', 'finished');
    await tab.answer('hello').getByRole('button', { name: 'Edit' }).waitFor();
    await tab.ask('wait here');
    await tab.says('wait here', 'first ');
    await visit.server.crash();
    await visit.restart();
    await tab.is('wait here', 'unknown');
    await tab.answer('wait here').getByText('The server restarted and does not know this run any more.').waitFor();
    await tab.says('wait here', 'first ');
    // Nothing was asked a second time, and nothing taken away although the server forgot it.
    visit.spoil();
    await tab.page.locator('#log-type').selectOption('streaming_query');
    await expect.poll(() => tab.page.locator('.row').count(), PATIENT).toBe(2);
    await tab.shows('hello', 'wait here');
    await tab.answer('hello').getByRole('button', { name: 'Ask again' }).waitFor();
  });

  it('shows what there was of an interrupted answer', async () => {
    await tab.ask('wait here');
    await tab.says('wait here', 'first ');
    await visit.server.close();
    await tab.is('wait here', 'interrupted');
    await tab.answer('wait here').getByText('run_interrupted').waitFor();
    await tab.says('wait here', 'first ');
    await visit.restart();
    await tab.isConnected();
  });
});

describe('the runs on the server', () => {
  it('are listed, read again and cancelled', async () => {
    await visit.afresh();
    visit.spoil();
    await tab.ask('hello');
    await tab.is('hello', 'finished');
    await tab.ask('wait here');
    await tab.says('wait here', 'first ');
    await tab.page.getByRole('button', { name: 'Runs on the server' }).click();
    const rows = tab.page.locator('#runs-rows tr');
    await expect.poll(() => rows.locator('.run-state').allTextContents(), PATIENT).toEqual(['running', 'finished']);
    await expect.poll(() => rows.nth(1).locator('td').nth(2).textContent(), PATIENT).toBe('4');
    await rows.nth(1).getByRole('button', { name: 'Read again from the start' }).click();
    await tab.row('resumed').waitFor();
    await tab.says('hello', 'Hello, world.');
    await tab.is('hello', 'finished');
    await rows.nth(0).getByRole('button', { name: 'Cancel' }).click();
    await tab.is('wait here', 'cancelled');
    await expect.poll(() => rows.locator('.run-state').allTextContents(), PATIENT).toEqual(['cancelled', 'finished']);
  });

  it('are read again where the page had cleared them', async () => {
    await visit.afresh();
    visit.spoil();
    await tab.page.locator('#thread-open').click();
    await tab.page.getByLabel('Questions belong to a conversation').uncheck();
    await tab.page.keyboard.press('Escape');
    await tab.ask('hello');
    await tab.is('hello', 'finished');
    await tab.page.getByRole('button', { name: 'Clear ended answers' }).click();
    await expect.poll(() => tab.page.locator('article').count(), PATIENT).toBe(0);
    await tab.page.getByRole('button', { name: 'Runs on the server' }).click();
    await tab.page.getByRole('button', { name: 'Read again from the start' }).click();
    await tab.page.locator('article .prose', { hasText: 'Hello, world.' }).waitFor();
  });
});
