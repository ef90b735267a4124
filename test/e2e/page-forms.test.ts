import { describe, expect, it, onTestFinished } from 'vitest';
import {
  answer,
  ask,
  ended,
  page,
  provider,
  row,
  says,
  send,
  sendRaw,
  standAlone,
  tab,
  useOnePage,
  visit,
} from './one-page.js';
import { PATIENT } from './page-driver.js';

useOnePage();

const DOCUMENT = '**/docs/asyncapi.json';

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
    await tab('streaming_query').click();
    await page.getByRole('button', { name: /More fields/ }).click();
    await page.getByLabel('run_id').fill('not-a-uuid');
    await ask('hello');
    await page.getByText('A UUID is expected').waitFor();
    await expect.poll(() => page.locator('article').count(), PATIENT).toBe(0);
    await page.getByRole('button', { name: 'JSON', exact: true }).click();
    await page.locator('#composer-json').getByText('"hello"').waitFor();
    // As the next test finds the form.
    await page.getByRole('button', { name: 'JSON', exact: true }).click();
    await page.getByLabel('run_id').fill('');
    await page.getByRole('button', { name: /More fields/ }).click();
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

  it('leaves Enter and Escape to an input method that composes', async () => {
    // Safari ends the composition first, and marks the key with the code 229.
    const pick = { key: 'Enter', keyCode: 229, bubbles: true, cancelable: true };
    const drop = { key: 'Escape', isComposing: true, bubbles: true, cancelable: true };
    const query = page.locator('#query');
    await tab('streaming_query').click();
    await query.fill('ni hao');
    for (const key of [pick, { ...pick, isComposing: true, keyCode: 13 }]) await query.dispatchEvent('keydown', key);
    await query.press('End');
    await page.keyboard.type('!');
    await page.keyboard.press('Enter');
    await ended('ni hao!', 'finished');
    await answer('ni hao!').getByRole('button', { name: 'Edit' }).click();
    const editor = page.getByRole('textbox', { name: 'Another question in place of this one' });
    for (const key of [pick, drop]) await editor.dispatchEvent('keydown', key);
    await editor.press('End');
    await page.keyboard.type('?');
    await page.keyboard.press('Enter');
    await ended('ni hao!?', 'finished');
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

  it('works without the document of the server, and says so', async () => {
    visit.spoil();
    onTestFinished(() => page.unroute(DOCUMENT));
    await page.route(DOCUMENT, (route) => route.fulfill({ status: 404, body: '' }));
    await page.reload();
    await visit.tab.isConnected();
    await expect
      .poll(() => page.getByRole('tab').allTextContents(), PATIENT)
      .toEqual(['streaming_query', 'agent_query', 'raw JSON']);
    await ask('hello');
    await ended('hello', 'finished');
    await sendRaw('{"type":"ping"}');
    await page.getByText('publishes no /docs/asyncapi.json').waitFor();
    await row('pong').first().waitFor();
    expect(visit.tab.takeComplaints().filter((text) => !text.includes('404'))).toEqual([]);
  });
});
