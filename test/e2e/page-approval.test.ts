import { expect, it } from 'vitest';
import { type PageDriver, PATIENT } from './page-driver.js';
import { useVisit, type Visit } from './use-page.js';

let visit: Visit;
let tab: PageDriver;
useVisit((begun) => {
  visit = begun;
  ({ tab } = visit);
});

const asked = (driver: PageDriver) => driver.page.getByRole('region', { name: /May this tool run\? refund/ });

it('asks with the params as text, and runs the tool once it is approved', async () => {
  await tab.ask('refund it');
  await tab.is('refund it', 'waiting');
  const outcome = tab.answer('refund it').locator('.tool-outcome');
  await expect.poll(() => outcome.textContent(), PATIENT).toBe('waiting for approval');
  await expect.poll(() => asked(tab).locator('.json').textContent(), PATIENT).toContain('<b onclick=window.pwned=5>');
  await expect.poll(() => asked(tab).locator('.json b').count(), PATIENT).toBe(0);
  await asked(tab)
    .getByText(/^\d:\d\d left$/)
    .waitFor();
  await tab.page.getByText('A decision is needed: may the tool refund run?').waitFor({ state: 'attached' });
  await asked(tab).getByRole('button', { name: 'Approve' }).click();
  await asked(tab).getByText('Approved.').waitFor();
  await tab.says('refund it', 'The tool said: {"refunded":"A-1001"}');
  await expect.poll(() => outcome.textContent(), PATIENT).toBe('{"refunded":"A-1001"}');
});

it('tells the model the reason of a refusal, by keyboard alone', async () => {
  await tab.ask('refund it');
  await asked(tab).getByRole('textbox', { name: 'Reason for refusing (optional)' }).focus();
  await tab.page.keyboard.type('not today');
  await tab.page.keyboard.press('Enter');
  await asked(tab).getByText('Refused. Reason: not today').waitFor();
  await tab.is('refund it', 'finished');
  await expect.poll(() => tab.answer('refund it').locator('.prose').textContent(), PATIENT).toContain('not today');
  // The focus is where it was, not at the top of the page.
  await expect.poll(() => tab.page.evaluate('document.activeElement.className'), PATIENT).toContain('approval');
});

it('is told to screen readers each time, also if the same tool asks again', async () => {
  await tab.page.evaluate(NOTE_ANNOUNCED);
  await tab.ask('refund twice');
  for (const at of [0, 1]) await asked(tab).nth(at).getByRole('button', { name: 'Approve' }).click();
  await tab.is('refund twice', 'finished');
  const told = await tab.page.evaluate<string[]>('announced');
  expect(told.filter((text) => text === 'A decision is needed: may the tool refund run?')).toHaveLength(2);
});

it('is decided once by two tabs, and both learn how', async () => {
  const second = await visit.secondTab();
  await tab.ask('refund it');
  await asked(second).waitFor();
  await asked(tab).waitFor();
  // On a busy machine one tab may learn of the decision before the other click: then it has nothing to click.
  await Promise.all([
    tab.page.evaluate("document.querySelector('.approval .primary')?.click()"),
    second.page.evaluate("document.querySelector('.approval .danger')?.click()"),
  ]);
  await tab.is('refund it', 'finished');
  await second.is('refund it', 'finished');
  const [first, other] = await Promise.all(
    [tab, second].map((driver) => asked(driver).locator('.approval-verdict').textContent()),
  );
  const verdicts = [first, other].sort();
  expect([
    ['Approved.', 'Approved. Decided in another tab.'],
    ['Refused.', 'Refused. Decided in another tab.'],
  ]).toContainEqual(verdicts);
  await expect.poll(() => tab.row('approval_resolved').count(), PATIENT).toBe(2);
  expect(await second.answer('refund it').locator('.prose').textContent()).toBe(
    await tab.answer('refund it').locator('.prose').textContent(),
  );
});

it('is asked again after a reload, with the time that is left', async () => {
  await tab.ask('refund it');
  await asked(tab)
    .getByText(/^4:5\d left$/)
    .waitFor();
  await tab.page.reload();
  await tab.isConnected();
  await asked(tab)
    .getByText(/^4:5\d left$/)
    .waitFor();
  const second = await visit.secondTab();
  await asked(second)
    .getByText(/^4:5\d left$/)
    .waitFor();
  await asked(second).getByRole('button', { name: 'Approve' }).click();
  await tab.says('refund it', 'The tool said: {"refunded":"A-1001"}');
  await asked(tab).getByText('Approved. Decided in another tab.').waitFor();
});

it('is asked for a direct tool call as well, and ends with the run', async () => {
  const call = async (): Promise<void> => {
    await tab.page.getByRole('tab', { name: 'tool_call', exact: true }).click();
    await tab.page.getByLabel('tool_name').selectOption('refund');
    await tab.page.getByLabel('order_id').fill('B-2');
    await tab.page.locator('#composer-send').click();
  };
  await call();
  await asked(tab).getByRole('button', { name: 'Approve' }).click();
  await tab.is('refund', 'finished');
  await expect
    .poll(() => tab.answer('refund').locator('.tool-outcome').textContent(), PATIENT)
    .toBe('{"refunded":"B-2"}');
  await tab.page.getByRole('button', { name: 'Clear ended answers' }).click();
  await call();
  await asked(tab).waitFor();
  await tab.press('refund', 'Cancel');
  await asked(tab).getByText('The run ended before anybody decided.').waitFor();
});

it('speaks Chinese', async () => {
  visit.spoil();
  await tab.page.getByRole('button', { name: '切换到中文' }).click();
  await tab.ask('refund it');
  const question = tab.page.getByRole('region', { name: /是否允许运行此工具/ });
  await question.getByText(/^剩余 \d:\d\d$/).waitFor();
  await tab.answer('refund it').getByText('等待您的决定').waitFor();
  await tab.answer('refund it').getByText('等待审批').waitFor();
  await question.getByRole('button', { name: '批准' }).click();
  await question.getByText('已批准。').waitFor();
  await tab.page.getByRole('button', { name: '模拟断网' }).click();
  await tab.page.getByText('您模拟了断网').waitFor();
  await tab.isConnected();
});

/** Notes each change of what screen readers are told. */
const NOTE_ANNOUNCED = `{
  window.announced = [];
  const place = document.getElementById('announcer');
  new MutationObserver(() => announced.push(place.textContent)).observe(place, {
    childList: true,
    characterData: true,
    subtree: true,
  });
}`;
