import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { type PageDriver, PATIENT } from './page-driver.js';
import { useVisit, type Visit } from './use-page.js';

/** A picture of one point. */
const DOT = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const dot = { name: 'dot.png', mimeType: 'image/png', buffer: Buffer.from(DOT, 'base64') };
const notes = { name: 'notes.md', mimeType: 'text/markdown', buffer: Buffer.from('# Notes') };

/** Brings a file to the page the way a person would, by `paste` or `drop`. */
const BRING = `(how) => {
  const data = new DataTransfer();
  const bytes = Uint8Array.from(atob('${DOT}'), (character) => character.charCodeAt(0));
  data.items.add(new File([bytes], how + '.png', { type: 'image/png' }));
  const options = { bubbles: true, cancelable: true };
  const event = how === 'paste'
    ? new ClipboardEvent('paste', { ...options, clipboardData: data })
    : new DragEvent('drop', { ...options, dataTransfer: data });
  document.querySelector(how === 'paste' ? '#query' : '#conversation').dispatchEvent(event);
  return event.defaultPrevented;
}`;

let visit: Visit;
let tab: PageDriver;
useVisit((begun) => {
  visit = begun;
  ({ tab } = visit);
});

const names = () => tab.page.locator('#tray-list li > span').allTextContents();

async function attach(...files: { name: string; mimeType: string; buffer: Buffer }[]): Promise<void> {
  const chooser = tab.page.waitForEvent('filechooser');
  await tab.page.getByRole('button', { name: 'Attach images or files' }).click();
  await (await chooser).setFiles(files);
}

describe('attachments', () => {
  it('come by button, paste and drop, and can be taken out again', async () => {
    await attach(notes);
    await expect.poll(names, PATIENT).toEqual(['notes.md']);
    expect(await tab.page.evaluate(`(${BRING})('paste')`)).toBe(true);
    await expect.poll(names, PATIENT).toEqual(['notes.md', 'paste.png']);
    await tab.page.getByRole('tab', { name: 'raw JSON', exact: true }).click();
    expect(await tab.page.evaluate(`(${BRING})('drop')`)).toBe(true);
    // A file belongs to a question: the page turns to one.
    await expect.poll(names, PATIENT).toEqual(['notes.md', 'paste.png', 'drop.png']);
    await tab.page.locator('#tab-streaming_query[aria-selected=true]').waitFor();
    await tab.page.getByRole('button', { name: 'Remove paste.png' }).click();
    await expect.poll(names, PATIENT).toEqual(['notes.md', 'drop.png']);
    await tab.ask('look');
    await tab.says('look', `I see notes.md of 12, drop.png of ${DOT.length}.`);
    await expect.poll(names, PATIENT).toEqual([]);
    await tab.ask('look again', 'agent_query');
    // They belong to the question they came with, of which the model is told again.
    await tab.says('look again', `I see notes.md of 12, drop.png of ${DOT.length}.`);
    await expect.poll(() => tab.answer('look again').locator('.attached li').count(), PATIENT).toBe(0);
  });

  it('stand with the question, here, in another tab and after a reload', async () => {
    const second = await visit.secondTab();
    await tab.page.bringToFront();
    await attach(dot, notes);
    await expect.poll(names, PATIENT).toEqual(['dot.png', 'notes.md']);
    await tab.ask('look');
    await tab.is('look', 'finished');
    await tab.page.reload();
    await tab.isConnected();
    for (const driver of [tab, second]) {
      await driver.page.bringToFront();
      const picture = driver.answer('look').getByRole('img', { name: 'dot.png' });
      await picture.waitFor();
      await expect
        .poll(() => driver.page.evaluate('document.querySelector("article img").naturalWidth'), PATIENT)
        .toBe(1);
      const download = driver.page.waitForEvent('download');
      await driver.answer('look').getByRole('link', { name: 'notes.md' }).click();
      const file = await download;
      expect(file.suggestedFilename()).toBe('notes.md');
      expect(await readFile(await file.path(), 'utf8')).toBe('# Notes');
    }
    // An edit keeps them.
    await tab.page.bringToFront();
    await tab.press('look', 'Edit');
    await tab.page.getByRole('textbox', { name: 'Another question in place of this one' }).fill('look closer');
    await tab.page.keyboard.press('Enter');
    await tab.says('look closer', `I see dot.png of ${DOT.length}, notes.md of 12.`);
    await tab.answer('look closer').getByRole('img', { name: 'dot.png' }).waitFor();
  });

  it('that the server does not take are told with the reason, and not sent', async () => {
    visit.spoil();
    const problem = async (text: string): Promise<void> => {
      await tab.page.getByRole('alert').getByText(text).waitFor();
    };
    await attach({ name: 'run.exe', mimeType: 'application/x-msdownload', buffer: Buffer.from('MZ') });
    await problem('run.exe is not taken: its type is application/x-msdownload');
    await attach({ name: 'huge.png', mimeType: 'image/png', buffer: Buffer.alloc(600_000) });
    await problem('huge.png is larger than 524.3 kB.');
    await attach({ name: 'none.txt', mimeType: 'text/plain', buffer: Buffer.alloc(0) });
    await problem('none.txt is empty.');
    const large = (name: string) => ({ name, mimeType: 'image/png', buffer: Buffer.alloc(500_000) });
    await attach(large('one.png'), large('two.png'));
    await problem('two.png does not fit: all of a message together takes 1.0 MB at most.');
    await expect.poll(names, PATIENT).toEqual(['one.png']);
    await tab.page.getByRole('button', { name: 'Remove one.png' }).click();
    await attach(...['1', '2', '3', '4', '5'].map((name) => ({ ...dot, name })));
    await problem('5 is one too many: a question takes 4 at most.');
    await expect.poll(names, PATIENT).toEqual(['1', '2', '3', '4']);
  });

  it('are not offered without a connection', async () => {
    visit.spoil();
    await tab.page.getByRole('button', { name: 'Attach images or files' }).waitFor();
    await tab.page.getByRole('button', { name: 'Disconnect' }).click();
    await tab.page.getByRole('button', { name: 'Attach images or files' }).waitFor({ state: 'hidden' });
    expect(await tab.page.evaluate(`(${BRING})('paste')`)).toBe(false);
  });
});
