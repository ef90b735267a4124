import { expect, it, onTestFinished } from 'vitest';
import { borrowPage, returnPage } from '../helpers/pages.js';
import { scripts, startOpenAiUpstream } from '../helpers/openai-upstream.js';
import { startExample } from './example.js';

it('browser.html, served by browser.mjs, streams answers as text only and stops them', async () => {
  const page = await borrowPage();
  onTestFinished(() => returnPage(page));
  const upstream = await startOpenAiUpstream(scripts.echo);
  onTestFinished(() => upstream.close());
  const { url } = await startExample('browser.mjs', { OPENAI_API_KEY: 'test-key', OPENAI_BASE_URL: upstream.url });

  const failures: string[] = [];
  page.on('pageerror', (error) => failures.push(error.message));
  await page.goto(url.href);
  await page.getByText('connected', { exact: true }).waitFor();
  const ask = async (query: string): Promise<void> => {
    await page.getByLabel('Question').fill(query);
    await page.getByText('Send').click();
  };

  const html = '<img src=x onerror="document.title=1"> <b>bold</b>';
  upstream.reply({ tokens: ['Here: ', html, ' and the end'] });
  await ask('Write HTML');
  await page.getByText('done', { exact: true }).waitFor();
  expect(await page.locator('.answer').textContent()).toBe(`Here: ${html} and the end`);
  expect(await page.locator('main img, main b').count()).toBe(0);

  upstream.reply({ tokens: ['Never'], end: 'stall' });
  await ask('Go on for ever');
  await page.getByText('Never').waitFor();
  await page.getByText('Stop', { exact: true }).click();
  await page.getByText('stopped', { exact: true }).waitFor();
  await (
    await upstream.request(2)
  ).aborted;

  upstream.reply({ status: 400, body: { error: { message: 'No' } } });
  await ask('Fail');
  await expect.poll(() => page.getByRole('status').textContent()).toContain('provider');

  upstream.reply({ tokens: ['Back again'] });
  await ask('And now?');
  await page.getByText('done', { exact: true }).waitFor();
  expect(await page.locator('.answer').last().textContent()).toBe('Back again');
  expect(failures).toEqual([]);
});
