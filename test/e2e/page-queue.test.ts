import { expect, it, onTestFinished, vi } from 'vitest';
import type { ClusterNode } from '../../src/store/cluster.js';
import { Line, nodeOf, storeWithoutRuns } from '../helpers/line.js';
import { borrowPage, returnPage } from '../helpers/pages.js';
import { startServer } from '../helpers/server.js';
import { PageDriver, PATIENT } from './page-driver.js';

it('says in both languages that no worker is running, and the place in line once there is one', async () => {
  const nodes: ClusterNode[] = [];
  const { agent, origin } = await startServer({ store: storeWithoutRuns(nodes), queue: new Line(), logger: false });
  const tab = new PageDriver(await borrowPage());
  const { page } = tab;
  onTestFinished(() => returnPage(page));
  await vi.waitFor(() => expect(agent.runs.lineWatch?.hasNoWorkers).toBe(true), PATIENT);
  await tab.afresh(`${origin}/static/test_websocket.html`);
  await tab.ask('Hi');
  const answer = tab.answer('Hi');
  await answer.getByText('No worker is running; place 1 in line').waitFor();
  await page.getByRole('button', { name: '切换到中文' }).click();
  await answer.getByText('没有工作进程在运行，排在第 1 位').waitFor();
  await page.getByRole('button', { name: 'Switch to English' }).click();
  nodes.push(nodeOf(32));
  await answer.getByText('In line for a worker, place 1').waitFor();
  await page.locator('#nodes').getByText('worker, 32 at once').waitFor();
  expect(tab.takeComplaints()).toEqual([]);
});
