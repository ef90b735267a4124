import { describe, expect, it } from 'vitest';
import { AgentSocketError, ANONYMOUS, tokenOf, type Principal } from '../../src/index.js';
import { Latch } from '../../src/runtime/latch.js';
import { startServer } from '../helpers/server.js';

const PROBES = ['/healthz', '/readyz'];
const PAGES = ['/', '/docs/asyncapi.json', '/docs/openapi.json'];

const PEOPLE: Readonly<Record<string, Principal>> = {
  all: { id: 'all' },
  reader: { id: 'reader', scopes: ['statistics'] },
  asker: { id: 'asker', scopes: ['query'] },
};

/** The statuses of a request for each path. */
async function statusesOf(origin: string, paths: readonly string[], token?: string): Promise<number[]> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const answers = await Promise.all(paths.map((path) => fetch(origin + path, { headers, redirect: 'manual' })));
  return answers.map(({ status }) => status);
}

describe('the statistics', () => {
  it('are open if nobody authenticates', async () => {
    const { origin } = await startServer();
    expect(await statusesOf(origin, ['/ws/statistics'])).toEqual([200]);
  });

  it('are for those whom `authenticate` knows and the policy lets', async () => {
    const asked: (string | undefined)[] = [];
    const { origin } = await startServer({
      logger: false,
      authenticate: async (request) => {
        await Promise.resolve();
        const token = tokenOf(request);
        asked.push(token);
        if (token === 'forbidden') throw new AgentSocketError('forbidden', 'Not here');
        if (token === 'unsure') throw new AgentSocketError('internal_error', 'The directory is away');
        if (token === 'odd') throw new AgentSocketError('invalid_message', 'No such tenant');
        if (token === 'invisible') return { id: 'a\u200bb' };
        if (token === 'ended') return { id: 'ended', expiresAt: Date.now() - 1 };
        if (token === 'broken') throw new Error('secret-17');
        if (token === 'nobody') return { name: 'no id' } as unknown as Principal;
        return PEOPLE[token ?? ''] ?? null;
      },
    });
    const expected = {
      all: 200,
      reader: 200,
      asker: 403,
      stranger: 401,
      forbidden: 403,
      broken: 401,
      unsure: 500,
      odd: 400,
      invisible: 500,
      ended: 401,
      nobody: 500,
    };
    for (const [token, status] of Object.entries(expected)) {
      expect([token, ...(await statusesOf(origin, ['/ws/statistics'], token))]).toEqual([token, status]);
    }
    const refused = await fetch(`${origin}/ws/statistics`);
    expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
    expect(await refused.text()).not.toContain('connections');
    // Nobody is asked for more than the statistics.
    asked.length = 0;
    await statusesOf(origin, [...PROBES, ...PAGES, '/nowhere']);
    expect((await fetch(`${origin}/ws/statistics`, { method: 'POST' })).status).toBe(405);
    expect(asked).toEqual([]);
  });

  it('do not wait for a hook that hangs', async () => {
    const { origin } = await startServer({
      logger: false,
      authenticateTimeoutMs: 20,
      authenticate: () => new Promise<Principal>(() => undefined),
    });
    expect(await statusesOf(origin, ['/ws/statistics'])).toEqual([503]);
  });

  it('do not wait for a hook when the service ends', async () => {
    const asked = new Latch();
    const { agent, origin } = await startServer({
      logger: false,
      authenticate: () => {
        asked.open();
        return new Promise<Principal>(() => undefined);
      },
    });
    const statuses = statusesOf(origin, ['/ws/statistics']);
    await asked.opened;
    await agent.close();
    expect(await statuses).toEqual([503]);
  });
});

describe('pages', () => {
  it('are asked about for ANONYMOUS, and can be closed', async () => {
    const asked: unknown[] = [];
    const { origin } = await startServer({
      authenticate: () => PEOPLE['all'] ?? null,
      permissions: (principal, action, resource) => {
        if (action !== 'page') return true;
        asked.push([principal === ANONYMOUS, resource.path]);
        return false;
      },
    });
    expect(await statusesOf(origin, PROBES)).toEqual([200, 200]);
    expect(asked).toEqual([]);
    expect(await statusesOf(origin, ['/docs/openapi.json', '/docs'])).toEqual([403, 403]);
    expect(asked).toEqual(
      expect.arrayContaining([
        [true, '/docs/openapi.json'],
        [true, '/docs'],
      ]),
    );
  });

  it('that the hook fails to decide about are refused', async () => {
    const { origin } = await startServer({
      logger: false,
      permissions: () => {
        throw new Error('secret-17');
      },
    });
    const answer = await fetch(`${origin}/docs/openapi.json`);
    expect([answer.status, await answer.text()]).toEqual([500, '{"error":"Internal error"}']);
  });
});
