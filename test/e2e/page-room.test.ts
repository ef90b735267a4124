import type { Locator } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { PATIENT } from './page-driver.js';
import { open, page, provider, row, useOnePage } from './one-page.js';

useOnePage();

/** One of the two who meet. */
class Side {
  readonly #name: 'A' | 'B';

  constructor(name: 'A' | 'B') {
    this.#name = name;
  }

  get place(): Locator {
    return page.locator(`[data-side=${this.#name}]`);
  }

  get box(): Locator {
    return this.place.locator('textarea');
  }

  get said(): Locator {
    return this.place.locator('.said > p:last-child');
  }

  async join(token: string): Promise<void> {
    const form = page.getByRole('form', { name: `${this.#name} · Join` });
    await form.getByLabel('Token (optional)').fill(token);
    await form.getByRole('button', { name: 'Join' }).click();
    await expect.poll(() => this.place.getAttribute('data-state'), PATIENT).toBe('joined');
  }

  async say(text: string, key = 'Enter'): Promise<void> {
    await this.box.fill(text);
    await this.box.press(key);
  }

  press(name: string): Promise<void> {
    return this.place.getByRole('button', { name, exact: true }).click();
  }

  hears(...texts: string[]) {
    return expect.poll(() => this.said.allTextContents(), PATIENT).toEqual(texts);
  }

  sees(...members: string[]) {
    return expect.poll(() => this.place.locator('.members li').allTextContents(), PATIENT).toEqual(members);
  }

  answers(text: string) {
    return expect.poll(() => this.place.locator('.prose').last().textContent(), PATIENT).toBe(text);
  }
}

const a = new Side('A');
const b = new Side('B');

/** Turns to the entrance of a room that no other test uses. Who was in another one leaves it. */
async function enter(room: string): Promise<void> {
  if (await page.locator('#room-open').isVisible()) await page.locator('#room-open').click();
  for (const side of [a, b]) {
    if (await side.place.isVisible()) await side.press('Leave');
  }
  await page.getByLabel('Room', { exact: true }).fill(room);
}

/** Both in a room. */
async function meet(room: string): Promise<void> {
  await enter(room);
  await a.join('ann');
  await b.join('ben');
}

describe('a room with two names', () => {
  it('shows both who is there, who types, and what is said', async () => {
    await meet('hall');
    await a.sees('Ada (you)', 'Bob');
    await b.box.pressSequentially('he');
    await a.sees('Ada (you)', 'Bob · typing');
    await b.say('hello');
    await a.hears('hello');
    await b.hears('hello');
    await a.sees('Ada (you)', 'Bob');
    await row('room_event').first().waitFor();
    await expect.poll(() => a.place.locator('.side-note .mono').textContent(), PATIENT).toMatch(/^epoch .{6} · seq 1$/);
    expect(await b.place.locator('.side-note .mono').textContent()).toBe(
      await a.place.locator('.side-note .mono').textContent(),
    );
    await b.press('Leave');
    await a.sees('Ada (you)');
    await expect.poll(() => page.evaluate('document.activeElement.id'), PATIENT).toBe('room-B-person');
  });

  it('streams one answer to both, also to one who joins in its middle, and stops it for both', async () => {
    await meet('stage');
    await b.press('Leave');
    await a.say('wait here', 'Control+Enter');
    await a.answers('first ');
    await b.join('ben');
    await b.answers('first ');
    await b.sees('Ada', 'Bob (you)', 'Agent · answering');
    provider.release();
    await Promise.all([a.answers('first second'), b.answers('first second')]);
    await expect.poll(() => a.place.locator('footer').textContent(), PATIENT).toBe('Finished');
    await b.say('wait again', 'Control+Enter');
    await a.answers('first ');
    await a.press('Cancel');
    for (const side of [a, b]) {
      await expect.poll(() => side.place.locator('footer').last().textContent(), PATIENT).toBe('Cancelled');
    }
    expect(provider.aborted).toEqual(['wait again']);
  });

  it('brings one whose connection is lost back whole', async () => {
    await meet('tunnel');
    await a.say('one');
    await b.hears('one');
    await a.press('Drop');
    await a.place.getByText('Connection lost, reconnecting…').waitFor();
    await b.say('two');
    await b.hears('one', 'two');
    await a.place.getByText('Back after message 1; nothing is missing.').waitFor();
    await a.hears('one', 'two');
    await a.sees('Bob', 'Ada (you)');
  });

  it('lets either decide about a tool, and tells the other', async () => {
    await meet('bank');
    await a.say('refund it', 'Control+Enter');
    await b.press('Approve');
    await a.place.getByText('Approved. Decided in another tab.').waitFor();
    await a.answers('The tool said: {"refunded":"A-1001"}');
    await b.answers('The tool said: {"refunded":"A-1001"}');
  });

  it('counts two connections of one person once, and keeps what was answered before', async () => {
    await meet('mirror');
    await a.say('hello', 'Control+Enter');
    await a.answers('Hello, world.');
    await b.press('Leave');
    await b.join('ann');
    await b.sees('Bob (you)');
    await a.sees('Bob (you)');
    await b.press('Fetch what the server kept');
    await b.answers('Hello, world.');
  });

  it('says why nobody comes in', async () => {
    await enter('two words');
    const form = page.getByRole('form', { name: 'A · Join' });
    await form.getByRole('button', { name: 'Join' }).click();
    await a.place.locator('b', { hasText: 'name that a room may have' }).waitFor();
    await a.press('Leave');
    await form.getByLabel('Token (optional)').fill('expired');
    await form.getByRole('button', { name: 'Join' }).click();
    await a.place.locator('code', { hasText: 'unauthorized' }).waitFor();
  });

  it('stands one below the other on a phone, in Chinese', async () => {
    await open({ viewport: { width: 390, height: 667 }, isMobile: true, hasTouch: true });
    await page.getByRole('button', { name: '切换到中文' }).click();
    await page.getByRole('button', { name: '房间', exact: true }).click();
    expect(await page.evaluate(HIDDEN_OF_CARDS)).toEqual([0, 0]);
    for (const name of ['A', 'B']) {
      await page
        .getByRole('form', { name: `${name} · 加入` })
        .getByRole('button')
        .click();
      await page.locator(`[data-side=${name}][data-state=joined]`).waitFor();
    }
    const [above, below] = await Promise.all([a.place.boundingBox(), b.place.boundingBox()]);
    expect(below?.y).toBeGreaterThan((above?.y ?? 0) + (above?.height ?? 0) - 1);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390);
    await a.say('你好');
    await b.hears('你好');
  });
});

/** How much of the ways into the room is not to be seen without scrolling. */
const HIDDEN_OF_CARDS =
  "[...document.querySelectorAll('form.member')].map((card) => card.scrollHeight - card.clientHeight)";
