import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { AgentSocketServerOptions } from '../../src/index.js';
import { createScriptedProvider } from '../../src/testing/index.js';
import { borrowPage, returnPage } from '../helpers/pages.js';
import { startServer } from '../helpers/server.js';

const PATIENT = { timeout: 20_000 };

let code: string;

beforeAll(async () => {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('react-room-page.js', import.meta.url))],
    bundle: true,
    format: 'iife',
    platform: 'browser',
    define: { 'process.env.NODE_ENV': '"development"' },
    write: false,
  });
  code = outputFiles[0]?.text ?? '';
});

/** A page with two people, and the server between them. */
async function open(options: Partial<AgentSocketServerOptions> = {}, room = 'team') {
  const server = await startServer({
    authenticate: ({ url = '' }) => ({ id: url.split('?').at(-1) ?? url }),
    ...options,
  });
  const presence: string[] = [];
  server.agent.rooms.on('join', (_, { name }) => presence.push(`${name} joins`));
  server.agent.rooms.on('leave', (_, { name }) => presence.push(`${name} leaves`));
  const page = await borrowPage();
  onTestFinished(() => returnPage(page));
  const pages = http.createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><div id="root"></div>');
  });
  await new Promise<void>((ready) => pages.listen(0, '127.0.0.1', ready));
  onTestFinished(() => {
    pages.closeAllConnections();
    pages.close();
  });
  await page.goto(`http://127.0.0.1:${(pages.address() as AddressInfo).port}/`);
  await page.evaluate(`Object.assign(globalThis, ${JSON.stringify({ serverUrl: server.url, room })})`);
  await page.addScriptTag({ content: code });
  return { ...server, page, presence, ...driver(page) };
}

function driver(page: Page) {
  return {
    shows: (name: string, what: string) => expect.poll(() => page.locator(`#${name} .${what}`).textContent(), PATIENT),
    press: (name: string, label: string) => page.locator(`#${name}`).getByRole('button', { name: label }).click(),
  };
}

describe('useRoom', () => {
  it('joins once, shows what is said and who is there, and leaves when nothing shows it', async () => {
    const { page, presence, shows, press } = await open();
    await shows('Ada', 'members').toBe('Ada* idle,Bob idle');
    await press('Ada', 'Say');
    await press('Bob', 'Type');
    await shows('Bob', 'messages').toBe('1 I am Ada');
    await shows('Ada', 'members').toBe('Ada* idle,Bob typing');
    await page.getByRole('button', { name: 'Toggle Bob' }).click();
    await shows('Ada', 'members').toBe('Ada* idle');
    // React mounts every component twice while it is developed.
    expect(presence).toEqual(['Ada joins', 'Bob joins', 'Bob leaves']);
    await page.getByRole('button', { name: 'Toggle Bob' }).click();
    await shows('Bob', 'state').toBe('joined ');
    await press('Bob', 'Say');
    await shows('Ada', 'messages').toBe('1 I am Ada,2 I am Bob');
    await shows('Bob', 'messages').toBe('1 I am Ada,2 I am Bob');
    // Three for each of the two people.
    expect(await page.evaluate('functions.size')).toBe(6);
  });

  it('shows one answer to all while it is written', async () => {
    let release!: () => void;
    const released = new Promise<void>((resolve) => (release = resolve));
    const { shows, press } = await open({ provider: createScriptedProvider(['Ada ', released, 'and Bob']) });
    await shows('Bob', 'members').toBe('Ada idle,Bob* idle');
    await press('Ada', 'Ask');
    for (const name of ['Ada', 'Bob']) {
      await shows(name, 'runs').toBe('Ada: Who is here? Ada ');
      await shows(name, 'agent').toBe('streaming');
    }
    release();
    for (const name of ['Ada', 'Bob']) {
      await shows(name, 'runs').toBe('Ada: Who is here? Ada and Bob');
      await shows(name, 'agent').toBe('idle');
      await shows(name, 'messages').toBe('1 Who is here?');
    }
  });

  it('comes back whole, and begins anew where the room has dropped something', async () => {
    const { agent, shows, press } = await open({ maxRoomEvents: 3 });
    const cut = (): void => {
      for (const connection of agent.connections) connection.terminate();
    };
    await shows('Bob', 'members').toBe('Ada idle,Bob* idle');
    await press('Ada', 'Say');
    await shows('Bob', 'messages').toBe('1 I am Ada');
    cut();
    await agent.rooms.publish('team', { content: 'meanwhile' });
    await shows('Bob', 'messages').toBe('1 I am Ada,2 meanwhile');
    cut();
    for (const content of ['a', 'b', 'c', 'd']) void agent.rooms.publish('team', { content });
    await shows('Bob', 'messages').toBe('4 b,5 c,6 d');
    await shows('Ada', 'state').toBe('joined ');
  });

  it('shows why it cannot join', async () => {
    const { shows } = await open({}, 'two words');
    await shows('Ada', 'state').toBe('left invalid_message');
  });
});
