import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { createAgentClient } from '../../src/client/index.js';
import { TestClient } from '../../src/testing/index.js';
import { sharedBrowser } from '../helpers/browser.js';
import { endsWithFile, startExample, type Example } from './example.js';

describe('jwt-express.mjs', () => {
  let example: Example;
  const ends = endsWithFile();
  beforeAll(async () => {
    example = await startExample('jwt-express.mjs', {}, [], ends);
  });

  it('lets a page connect with a ticket, and no token is in its URL', { timeout: 60_000 }, async () => {
    const page = await (await sharedBrowser()).newPage();
    onTestFinished(() => page.close());
    const failures: string[] = [];
    page.on('pageerror', (error) => failures.push(error.message));
    const urls: string[] = [];
    page.on('websocket', (socket) => urls.push(socket.url()));
    await page.goto(example.url.href);
    await page.getByLabel('Name').fill('bea');
    await page.getByText('Log in and ask').click();
    await page.getByText('"type":"stream_end"').waitFor();
    await page.getByText('"principal_id":"user/bea"').waitFor();
    expect(urls).toEqual([example.endpoint]);
    expect(failures).toEqual([]);
  });

  it('lets people in by tickets and services by JWTs, and ends what a person has open at the logout', async () => {
    const { origin } = example.url;
    expect(await TestClient.refused(example.endpoint)).toMatchObject({ code: 4401 });
    expect((await fetch(`${origin}/ws/ticket`, { method: 'POST' })).status).toBe(401);

    const login = await fetch(`${origin}/login`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: '{"name":"anna"}',
    });
    const cookie = login.headers.get('set-cookie')?.split(';')[0] ?? '';
    const ticket = async (): Promise<string> => {
      const response = await fetch(`${origin}/ws/ticket`, { method: 'POST', headers: { cookie, origin } });
      return ((await response.json()) as { ticket: string }).ticket;
    };
    const page = { headers: { origin }, protocols: [await ticket()] };
    const anna = await TestClient.connect(example.endpoint, page);
    expect(anna.connected.principal_id).toBe('user/anna');
    await example.printed('user/anna is here');
    expect(await TestClient.refused(example.endpoint, page)).toMatchObject({ code: 4401 });
    expect((await anna.ask({ type: 'agent_query', query: 'What is 6 * 7?' })).type).toBe('agent_response');

    const token = /A token for a service: (\S+)/.exec(await example.printed('A token for a service: \\S+'))?.[1] ?? '';
    const service = createAgentClient({ url: example.endpoint, WebSocket, token: () => token });
    onTestFinished(() => service.close());
    await service.connect();
    expect(service.greeting?.principalId).toBe('service/reports');

    await fetch(`${origin}/logout`, { method: 'POST', headers: { cookie } });
    expect(await anna.closed).toMatchObject({ code: 4401 });
    expect((await fetch(`${origin}/ws/ticket`, { method: 'POST', headers: { cookie } })).status).toBe(401);
    expect(await service.ping()).toBeGreaterThan(0);
    expect(await example.stop()).toBe(0);
  });
});
