import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { AgentSocketServerOptions } from '../../src/index.js';
import { createScriptedProvider } from '../../src/testing/index.js';
import { startServer } from '../helpers/server.js';
import { ComponentPage } from './component-page.js';

const PATIENT = { timeout: 20_000 };

let shown: ComponentPage;

beforeAll(async () => {
  shown = await ComponentPage.load(new URL('react-room-page.js', import.meta.url));
});
afterAll(() => shown.close());

/** A page with two people, and the server between them. */
async function open(options: Partial<AgentSocketServerOptions> = {}, room = 'team') {
  const server = await startServer({
    authenticate: ({ url = '' }) => ({ id: url.split('?').at(-1) ?? url }),
    ...options,
  });
  const presence: string[] = [];
  server.agent.rooms.on('join', (_, { name }) => presence.push(`${name} joins`));
  server.agent.rooms.on('leave', (_, { name }) => presence.push(`${name} leaves`));
  const { page } = shown;
  onTestFinished(() => shown.end());
  await shown.begin({ serverUrl: server.url, room });
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
    expect(presence.sort()).toEqual(['Ada joins', 'Bob joins', 'Bob leaves']);
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
