import { describe, expect, it } from 'vitest';
import { createAgentClient } from '../../src/client/index.js';
import { type PageDriver, PATIENT } from './page-driver.js';
import type { PageProvider } from './page-provider.js';
import type { PageServer } from './page-server.js';
import { useVisit, type Visit } from './use-page.js';

let visit: Visit;
let provider: PageProvider;
let server: PageServer;
let tab: PageDriver;
useVisit((begun) => {
  visit = begun;
  ({ provider, server, tab } = visit);
});

async function told(question: string, answer: string): Promise<void> {
  await tab.ask(question);
  await tab.is(question, 'finished');
  await tab.says(question, answer);
  // Its place in the history is known.
  await tab.answer(question).getByRole('button', { name: 'Edit' }).waitFor();
}

describe('history', () => {
  it('goes to the model, and stays after a reload', async () => {
    await told('recall a', 'You asked: recall a. Answer 1.');
    await told('recall b', 'You asked: recall a, recall b. Answer 2.');
    await tab.ask('wait here');
    await tab.says('wait here', 'first ');
    await tab.press('wait here', 'Cancel');
    await tab.is('wait here', 'cancelled');
    await expect.poll(() => tab.page.url(), PATIENT).toContain('#conversation=');
    await tab.page.reload();
    await tab.isConnected();
    await tab.shows('recall a', 'recall b', 'wait here');
    await tab.says('recall b', 'You asked: recall a, recall b. Answer 2.');
    await tab.is('recall b', 'finished');
    // A partial answer is marked.
    await tab.is('wait here', 'cancelled');
    await tab.says('wait here', 'first ');
    await expect.poll(() => tab.page.locator('#thread-name').textContent(), PATIENT).toBe('recall a');
  });

  it('shows tool calls, and markup as text', async () => {
    await tab.ask('think');
    await tab.is('think', 'finished');
    await tab.ask('hostile');
    await tab.is('hostile', 'finished');
    await tab.page.reload();
    await tab.isConnected();
    await expect.poll(() => tab.answer('think').locator('.tool-outcome').textContent(), PATIENT).toBe('42');
    const body = tab.answer('hostile').locator('.answer-body');
    await expect.poll(() => body.textContent(), PATIENT).toContain('<img src=x onerror="window.pwned=1">');
    await expect.poll(() => body.locator('img, script, a, iframe').count(), PATIENT).toBe(0);
    expect(await tab.page.evaluate('window.pwned')).toBeUndefined();
  });

  it('loads older messages page by page and leaves the reader where they are', async () => {
    const questions = Array.from({ length: 70 }, (_, index) => `recall ${index}`);
    const client = createAgentClient({ url: `ws://127.0.0.1:${server.port}/ws/agent` });
    const long = client.conversation('long');
    for (const question of questions) await long.ask(question);
    client.close();
    await tab.page.evaluate("location.hash = 'conversation=long'");
    await tab.shows(...questions.slice(45));
    const first = tab.answer('recall 45');
    await first.scrollIntoViewIfNeeded();
    await tab.page
      .locator('#conversation-scroll')
      .evaluate((element) => ((element as { scrollTop: number }).scrollTop = 0));
    const before = await first.boundingBox();
    await tab.page.getByRole('button', { name: 'Load older' }).click();
    await tab.shows(...questions.slice(20));
    const after = await first.boundingBox();
    expect(Math.abs((after?.y ?? 0) - (before?.y ?? 0))).toBeLessThan(60);
    await tab.page.getByRole('button', { name: 'Load older' }).click();
    await tab.shows(...questions);
    await expect.poll(() => tab.page.locator('#thread-older').isHidden(), PATIENT).toBe(true);
  });
});

describe('what was cleared', () => {
  it('stays away while the conversation goes on, and comes back with the older messages', async () => {
    await told('recall a', 'You asked: recall a. Answer 1.');
    await told('recall b', 'You asked: recall a, recall b. Answer 2.');
    await tab.page.getByRole('button', { name: 'Clear ended answers' }).click();
    await tab.shows();
    await told('recall c', 'You asked: recall a, recall b, recall c. Answer 3.');
    await tab.shows('recall c');
    await tab.page.getByRole('button', { name: 'Load older' }).click();
    await tab.shows('recall a', 'recall b', 'recall c');
  });
});

describe('edit and regenerate', () => {
  it('puts the new question in the place of the old one and all that followed', async () => {
    await told('recall a', 'You asked: recall a. Answer 1.');
    await told('recall b', 'You asked: recall a, recall b. Answer 2.');
    await told('recall c', 'You asked: recall a, recall b, recall c. Answer 3.');
    await tab.press('recall b', 'Edit');
    const editor = tab.page.getByRole('textbox', { name: 'Another question in place of this one' });
    await expect.poll(() => editor.inputValue(), PATIENT).toBe('recall b');
    await editor.fill('recall x');
    await editor.press('Enter');
    await tab.says('recall x', 'You asked: recall a, recall x. Answer 4.');
    await tab.shows('recall a', 'recall x');
    await tab.page.reload();
    await tab.isConnected();
    await tab.shows('recall a', 'recall x');
  });

  it('keeps the question once and replaces the answer', async () => {
    await told('recall a', 'You asked: recall a. Answer 1.');
    await told('recall b', 'You asked: recall a, recall b. Answer 2.');
    await tab.press('recall b', 'Regenerate');
    await tab.says('recall b', 'You asked: recall a, recall b. Answer 3.');
    await tab.shows('recall a', 'recall b');
    await tab.page.reload();
    await tab.isConnected();
    await tab.shows('recall a', 'recall b');
    await tab.says('recall b', 'You asked: recall a, recall b. Answer 3.');
    // And what the history told can be made anew, too.
    await tab.press('recall a', 'Regenerate');
    await tab.says('recall a', 'You asked: recall a. Answer 4.');
    await tab.shows('recall a');
  });

  it('shows what is on its way out, and can be left with Escape', async () => {
    await told('hello', 'Hello, world.');
    await tab.press('hello', 'Edit');
    await tab.page.keyboard.press('Escape');
    await tab.page.locator('.question-editor').waitFor({ state: 'detached' });
    await tab.press('hello', 'Edit');
    await tab.page.keyboard.press('Control+A');
    await tab.page.keyboard.type('wait instead');
    await tab.page.keyboard.press('Enter');
    await tab.says('wait instead', 'first ');
    await tab.shows('wait instead');
    provider.release();
    await tab.is('wait instead', 'finished');
    await tab.shows('wait instead');
  });

  it('works for an answer of which nothing was shown', async () => {
    await tab.ask('mute');
    await tab.is('mute', 'running');
    await tab.press('mute', 'Cancel');
    await tab.is('mute', 'cancelled');
    const second = await visit.secondTab();
    await second.is('mute', 'cancelled');
    await tab.press('mute', 'Regenerate');
    await tab.is('mute', 'running');
    await tab.press('mute', 'Cancel');
    await tab.is('mute', 'cancelled');
    await tab.shows('mute');
    await second.is('mute', 'cancelled');
    await second.shows('mute');
    await tab.press('mute', 'Regenerate');
    await tab.is('mute', 'running');
    provider.release();
    await tab.says('mute', 'spoken');
    await tab.shows('mute');
  });
});

describe('a question that meets a running one', () => {
  it('waits in line and says how many are before it', async () => {
    await tab.ask('wait one');
    await tab.says('wait one', 'first ');
    await tab.ask('wait two');
    await tab.ask('recall three');
    await tab.answer('wait two').getByText('In line, 1 before it').waitFor();
    await tab.answer('recall three').getByText('In line, 2 before it').waitFor();
    await tab.press('wait one', 'Cancel');
    await tab.answer('recall three').getByText('In line, 1 before it').waitFor();
    await tab.says('wait two', 'first ');
    provider.release();
    await tab.says('recall three', 'You asked: wait one, wait two, recall three. Answer 1.');
    await tab.shows('wait one', 'wait two', 'recall three');
  });

  it('stops it, or is refused, as the person chooses', async () => {
    await tab.ask('wait one');
    await tab.says('wait one', 'first ');
    const choice = tab.page.getByLabel('An answer is running. The next question');
    await choice.selectOption('reject');
    await tab.ask('recall two');
    await tab.is('recall two', 'failed');
    await tab.answer('recall two').getByText('conversation_busy').waitFor();
    await tab.is('wait one', 'running');
    await choice.selectOption('interrupt');
    await tab.ask('recall three');
    await tab.is('wait one', 'cancelled');
    await tab.answer('wait one').getByText('a newer question took its place').waitFor();
    await tab.is('recall three', 'finished');
    await expect.poll(() => choice.isHidden(), PATIENT).toBe(true);
    visit.spoil();
  });
});

describe('two tabs', () => {
  it('show the question and the answer of each other as it streams', async () => {
    const second = await visit.secondTab();
    await tab.ask('wait together');
    await second.says('wait together', 'first ');
    await second.answer('wait together').getByText('from another tab').waitFor();
    await second.page.getByText('Another tab asks: wait together').waitFor({ state: 'attached' });
    provider.release();
    await second.says('wait together', 'first second');
    await tab.says('wait together', 'first second');
    await second.ask('wait again');
    await tab.says('wait again', 'first ');
    await tab.press('wait again', 'Cancel');
    await second.is('wait again', 'cancelled');
    await tab.shows('wait together', 'wait again');
    await second.shows('wait together', 'wait again');
  });

  it('show a late second tab the whole of a running answer, and the place of a queued one', async () => {
    await told('hello', 'Hello, world.');
    await tab.ask('wait here');
    await tab.says('wait here', 'first ');
    await tab.ask('recall later');
    const second = await visit.secondTab();
    await second.shows('hello', 'wait here', 'recall later');
    await second.says('wait here', 'first ');
    await second.answer('recall later').getByText('In line, 1 before it').waitFor();
    provider.release();
    await second.is('recall later', 'finished');
    await second.shows('hello', 'wait here', 'recall later');
  });

  it('follow an edit of the other one without doubling anything', async () => {
    await told('recall a', 'You asked: recall a. Answer 1.');
    await told('recall b', 'You asked: recall a, recall b. Answer 2.');
    const second = await visit.secondTab();
    await second.shows('recall a', 'recall b');
    await tab.press('recall b', 'Regenerate');
    await second.says('recall b', 'You asked: recall a, recall b. Answer 3.');
    await second.shows('recall a', 'recall b');
    await second.press('recall a', 'Edit');
    await second.page.keyboard.press('Control+A');
    await second.page.keyboard.type('recall z');
    await second.page.keyboard.press('Enter');
    await tab.says('recall z', 'You asked: recall z. Answer 4.');
    await tab.shows('recall z');
    await second.shows('recall z');
  });

  it('catch up on what was said while one of them was away', async () => {
    const second = await visit.secondTab();
    await second.page.getByRole('button', { name: 'Disconnect' }).click();
    await told('recall a', 'You asked: recall a. Answer 1.');
    await second.page.locator('#connect').click();
    await second.says('recall a', 'You asked: recall a. Answer 1.');
  });
});

describe('conversations', () => {
  it('are begun, named and chosen again', async () => {
    await told('recall a', 'You asked: recall a. Answer 1.');
    await tab.page.getByRole('button', { name: /^Conversation:/ }).click();
    const dialog = tab.page.getByRole('dialog');
    await dialog.getByLabel('Name').fill('My plans');
    await dialog.getByRole('button', { name: 'Rename' }).click();
    await expect.poll(() => tab.page.locator('#thread-name').textContent(), PATIENT).toBe('My plans');
    await tab.page.keyboard.press('Escape');
    await tab.page.getByRole('button', { name: 'New conversation', exact: true }).click();
    await tab.shows();
    await told('recall b', 'You asked: recall b. Answer 2.');
    await tab.page.getByRole('button', { name: /^Conversation:/ }).click();
    await dialog.getByRole('button', { name: /My plans/ }).click();
    await tab.shows('recall a');
    await tab.page.reload();
    await tab.isConnected();
    await tab.shows('recall a');
    await expect.poll(() => tab.page.locator('#thread-name').textContent(), PATIENT).toBe('My plans');
  });

  it('are opened by their id, and what runs in the other one goes on', async () => {
    await tab.ask('wait here');
    await tab.says('wait here', 'first ');
    await tab.page.getByRole('button', { name: /^Conversation:/ }).click();
    const dialog = tab.page.getByRole('dialog');
    await dialog.getByLabel('Open by id').fill('another-conversation');
    await dialog.getByRole('button', { name: 'Open', exact: true }).click();
    await tab.shows();
    provider.release();
    await told('recall b', 'You asked: recall b. Answer 1.');
    await tab.page.getByRole('button', { name: /^Conversation:/ }).click();
    await dialog.getByRole('button', { name: /wait here/ }).click();
    await tab.says('wait here', 'first second');
    await tab.shows('wait here');
  });

  it('are told by a server that knows the person, in a browser that does not', async () => {
    visit.spoil();
    const endpoint = `ws://127.0.0.1:${server.port}/ws/agent?user=anna`;
    const open = async (driver: PageDriver): Promise<void> => {
      await driver.page.getByRole('button', { name: 'Disconnect' }).click();
      await driver.page.getByLabel('Endpoint', { exact: true }).fill(endpoint);
      await driver.page.locator('#connect').click();
      await driver.isConnected();
    };
    await open(tab);
    await told('recall a', 'You asked: recall a. Answer 1.');
    await tab.page.reload();
    await tab.isConnected();
    await tab.shows('recall a');
    const other = await visit.open({});
    await open(other);
    await other.page.getByRole('button', { name: /^Conversation:/ }).click();
    await other.page
      .getByRole('dialog')
      .getByRole('button', { name: /recall a/ })
      .click();
    await other.says('recall a', 'You asked: recall a. Answer 1.');
  });

  it('are filled into raw messages that ask for one', async () => {
    await told('recall a', 'You asked: recall a. Answer 1.');
    const before = await tab.row('history').count();
    await tab.page.getByRole('tab', { name: 'raw JSON', exact: true }).click();
    await tab.page.locator('#raw-type').selectOption('history');
    await tab.page.locator('#raw-send').click();
    await expect.poll(() => tab.row('history').count(), PATIENT).toBe(before + 2);
    await tab.page.locator('#raw-type').selectOption('resume');
    await tab.page.locator('#raw-send').click();
    await tab.row('resumed').waitFor();
    await tab.says('recall a', 'You asked: recall a. Answer 1.');
  });

  it('can be done without', async () => {
    await tab.page.getByRole('button', { name: /^Conversation:/ }).click();
    await tab.page.getByLabel('Questions belong to a conversation').uncheck();
    await tab.page.keyboard.press('Escape');
    await tab.ask('wait one');
    await tab.ask('wait two');
    await tab.says('wait one', 'first ');
    await tab.says('wait two', 'first ');
    provider.release();
    await tab.is('wait two', 'finished');
    await expect.poll(() => tab.page.locator('#thread-tab').isHidden(), PATIENT).toBe(true);
  });
});
