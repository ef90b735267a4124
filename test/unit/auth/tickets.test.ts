import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createTickets, type TicketOptions } from '../../../src/auth/index.js';
import type { Principal } from '../../../src/index.js';
import { bearer } from './hooks.js';

const anna: Principal = { id: 'anna', scopes: ['a'] };
const PAGE = 'https://app.example';

const make = (options: Partial<TicketOptions<Principal>> = {}) => createTickets({ principal: () => anna, ...options });

/** Serves the handler as an application without a framework does. */
async function serve(handler: http.RequestListener) {
  const server = http.createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/ws/ticket`;
  return (init: RequestInit = {}) => fetch(url, { method: 'POST', ...init });
}

describe('a ticket', () => {
  it('is good for one use by the page that asked', async () => {
    const tickets = make();
    const post = await serve((request, response) => tickets.handler(request, response));
    const response = await post({ headers: { Origin: PAGE } });
    expect([response.status, response.headers.get('cache-control')]).toEqual([200, 'no-store']);
    const { ticket, expires_in_ms: ms } = (await response.json()) as { ticket: string; expires_in_ms: number };
    expect([ticket, ms]).toEqual([expect.stringMatching(/^[\w-]{43}$/), 30_000]);
    expect(tickets.authenticate(bearer(ticket, { origin: PAGE }))).toBe(anna);
    expect(tickets.authenticate(bearer(ticket, { origin: PAGE }))).toBe(null);
  });

  it.each([
    ['another page', 'https://evil.example'],
    ['a page of another scheme', 'http://app.example'],
    ['a page of another port', 'https://app.example:8443'],
    ['a frame without an origin', 'null'],
    ['no page', undefined],
  ])('is used up, and good for nothing, from %s', (_what, origin) => {
    const tickets = make();
    const ticket = tickets.issue(anna, { origin: PAGE }) ?? '';
    expect(tickets.authenticate(bearer(ticket, origin === undefined ? {} : { origin }))).toBe(null);
    expect(tickets.authenticate(bearer(ticket, { origin: PAGE }))).toBe(null);
  });

  it('for no page is not good for one', () => {
    const tickets = make();
    expect(tickets.authenticate(bearer(tickets.issue(anna, { origin: undefined }) ?? '', { origin: PAGE }))).toBe(null);
    expect(tickets.authenticate(bearer(tickets.issue(anna, { origin: undefined }) ?? ''))).toBe(anna);
  });

  it('ends with its time', () => {
    const tickets = make({ ttlMs: 1_000 });
    const now = performance.now();
    const clock = vi.spyOn(performance, 'now').mockReturnValue(now);
    onTestFinished(() => void vi.restoreAllMocks());
    const [early = '', late = ''] = [1, 2].map(() => tickets.issue(anna, { origin: undefined }));
    clock.mockReturnValue(now + 999);
    expect(tickets.authenticate(bearer(early))).toBe(anna);
    clock.mockReturnValue(now + 1_000);
    expect(tickets.authenticate(bearer(late))).toBe(null);
  });

  it('ends when it is revoked', () => {
    const tickets = make();
    const [annas = '', bobs = ''] = ['anna', 'bob'].map((id) => tickets.issue({ id }, { origin: undefined }));
    tickets.revoke('anna');
    expect([tickets.authenticate(bearer(annas)), tickets.authenticate(bearer(bobs))?.id]).toEqual([null, 'bob']);
  });
});

describe('how many tickets there are', () => {
  it('is bounded for each principal, whose oldest ones end', () => {
    const tickets = make({ maxTicketsPerPrincipal: 2 });
    const bobs = tickets.issue({ id: 'bob' }, { origin: undefined }) ?? '';
    const annas = [1, 2, 3].map(() => tickets.issue(anna, { origin: undefined }) ?? '');
    expect(annas.map((ticket) => tickets.authenticate(bearer(ticket))?.id)).toEqual([undefined, 'anna', 'anna']);
    expect(tickets.authenticate(bearer(bobs))?.id).toBe('bob');
  });

  it('is bounded in all, until some are used or end', async () => {
    let count = 0;
    const tickets = make({ maxTickets: 2, principal: () => ({ id: `user-${++count}` }) });
    const post = await serve((request, response) => tickets.handler(request, response));
    const { ticket } = (await (await post()).json()) as { ticket: string };
    await post();
    const full = await post();
    expect([full.status, full.headers.get('retry-after')]).toEqual([503, '1']);
    tickets.authenticate(bearer(ticket));
    expect((await post()).status).toBe(200);
  });
});

describe('the handler', () => {
  it('answers nobody but who is known, and nothing but POST', async () => {
    const tickets = make({ principal: ({ headers }) => (headers.cookie === 'session=1' ? anna : null) });
    const post = await serve((request, response) => tickets.handler(request, response));
    expect((await post()).status).toBe(401);
    expect((await post({ headers: { cookie: 'session=1' } })).status).toBe(200);
    const get = await post({ method: 'GET', headers: { cookie: 'session=1' } });
    expect([get.status, get.headers.get('allow')]).toEqual([405, 'POST']);
  });

  it('passes errors on, or answers 500', async () => {
    const tickets = make({
      principal: () => {
        throw new Error('no database');
      },
    });
    const post = await serve((request, response) => tickets.handler(request, response));
    const failed = await post();
    expect([failed.status, await failed.text()]).toEqual([500, '{"error":"Internal error"}']);
    const passed = await serve((request, response) =>
      tickets.handler(request, response, (error) => response.writeHead(418).end(String(error))),
    );
    expect(await (await passed()).text()).toContain('no database');
  });
});
