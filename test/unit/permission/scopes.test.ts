import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ACTIONS, type Action, type ActionInfo } from '../../../src/permission/actions.js';
import { Permissions } from '../../../src/permission/permissions.js';
import { ANONYMOUS, type Principal } from '../../../src/connection/principal.js';
import { silentLogger } from '../../../src/runtime/logger.js';
import { cases } from '../../helpers/schedules.js';
import { ANY_CHARACTER } from '../../helpers/characters.js';

const permissions = new Permissions({ logger: silentLogger });
const all = Object.keys(ACTIONS) as Action[];

/** A resource that has the same name in every field. */
const named = (name: string): never => ({ tool: name, model: name, room: name, by: 'model' }) as never;
const may = (scopes: readonly string[], action: Action, name = 'x'): boolean =>
  permissions.allows({ id: 'anna', scopes }, action, named(name));
/** The actions that scopes grant for a name. */
const granted = (scopes: readonly string[], name?: string): Action[] =>
  all.filter((action) => may(scopes, action, name));

const ROOM_ACTIONS: Action[] = ['join', 'publish', 'room_query', 'room_cancel', 'room_approve'];

describe('the default policy', () => {
  it('allows a principal without scopes everything, and one with an empty list nothing', () => {
    for (const principal of [ANONYMOUS, { id: 'anna' }, { id: 'anna', scopes: undefined }]) {
      expect(all.filter((action) => !permissions.allows(principal, action, named('x')))).toEqual([]);
    }
    expect(granted([])).toEqual([]);
  });

  it.each<[string, Action[], string?]>([
    ['query', ['query']],
    ['tools:calculator', ['tool'], 'calculator'],
    ['tools:calculator', [], 'Calculator'],
    ['tools:calculator', [], 'calculator2'],
    ['tools:*', ['tool']],
    ['tools:', []],
    ['tools', []],
    ['models:gpt-*', ['model'], 'gpt-5'],
    ['models:gpt-*', ['model'], 'gpt-'],
    ['models:gpt-*', [], 'xgpt-5'],
    ['models:*-mini', ['model'], 'gpt-5-mini'],
    ['models:g*-mini', ['model'], 'g-mini'],
    // What stands before and after the `*` must not overlap.
    ['models:gpt*gpt', [], 'gpt'],
    ['models:llama3%3A8b', ['model'], 'llama3:8b'],
    ['models:llama3:8b', [], 'llama3:8b'],
    ['models:100%25', ['model'], '100%'],
    ['models:%2A', ['model'], '*'],
    ['models:%2A', [], 'gpt'],
    ['rooms:team-*:publish', ['publish'], 'team-red'],
    ['rooms:team-*:publish', [], 'red'],
    ['rooms:lobby:*', ROOM_ACTIONS, 'lobby'],
    ['rooms:lobby:*', [], 'kitchen'],
    ['rooms:*', ROOM_ACTIONS, 'a:b'],
    ['rooms:lobby', [], 'lobby'],
    ['rooms:lobby:publish:more', [], 'lobby'],
    ['rooms:*:query', ['room_query']],
    ['rooms:团队-*:join', ['join'], '团队-一'],
    ['rooms:%E5%9B%A2:join', ['join'], '团'],
    // A name never counts as more than one segment.
    ['rooms:a:join', [], 'a:join'],
    ['rooms:a:join', [], 'a:join:b'],
    ['list_*', ['list_runs', 'list_conversations']],
    ['statistics', ['statistics']],
    ['*', all.filter((action) => action !== 'page'), 'a:b'],
    ['page', []],
    ['__proto__', []],
    ['constructor', []],
    ['QUERY', []],
    ['quеry', []], // with a Cyrillic letter
    ['query:', []],
    [':query', []],
    [' query', []],
    ['query\n', []],
    ['**', []],
    ['tools:a**', [], 'abc'],
    ['tools:*a*', [], 'a'],
    ['tools:%', [], '%'],
    ['tools:%2', [], '%2'],
    ['tools:%zz', [], '%zz'],
    ['tools:%FF', [], '\uFFFD'],
    ['', []],
    [`tools:${'a'.repeat(2_000)}`, [], 'a'.repeat(2_000)],
  ])('reads %j as %j', (scope, actions, name) => {
    expect(granted([scope], name)).toEqual(actions);
  });

  it.each<[string, unknown]>([
    ['a string', 'query tools:*'],
    ['null', null],
    ['an object', { 0: 'query', length: 1 }],
    ['a list of something else', [{ toString: () => 'query' }, 7, null]],
  ])('takes %s as no grant', (_what, scopes) => {
    expect(granted(scopes as string[])).toEqual([]);
  });

  it('adds what each scope grants', () => {
    expect(granted(['query', 'no such', 'tools:x', 'rooms:*:join'])).toEqual(['query', 'tool', 'join']);
  });

  it('needs the name of the resource', () => {
    const principal = { id: 'anna', scopes: ['tools:*'] };
    expect(permissions.allows(principal, 'tool', {} as never)).toBe(false);
    expect(permissions.allows(principal, 'tool', { tool: ['x'] } as never)).toBe(false);
  });

  it('reads another list of the same principal anew', () => {
    const principal: { id: string; scopes: readonly string[] } = { id: 'anna', scopes: ['query'] };
    expect(permissions.allows(principal, 'query', {})).toBe(true);
    principal.scopes = ['cancel'];
    expect(permissions.allows(principal, 'query', {})).toBe(false);
    expect(permissions.allows(principal, 'cancel', {})).toBe(true);
  });

  it('logs each scope that grants nothing once, and no more than a hundred', () => {
    const lines: string[] = [];
    const write = (level: string) => (fields: object) => void lines.push(`${level} ${JSON.stringify(fields)}`);
    const logger = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
    const logged = new Permissions({ logger });
    const ask = (...scopes: string[]): boolean => logged.allows({ id: 'anna', scopes }, 'query', {});
    ask('openid', 'query', 'tools:a**');
    ask('openid', 'query', 'tools:a**');
    expect(lines).toEqual(['info {"scope":"openid"}', 'warn {"scope":"tools:a**"}']);
    for (let i = 0; i < 300; i++) ask(`other-${i}${'x'.repeat(500)}`);
    expect(lines).toHaveLength(100);
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThan(150);
  });
});

/** A slow reading of the grammar: every wildcard is tried at every length. */
function slowly(scope: string, path: readonly string[]): boolean {
  const segments = scope.split(':');
  if (segments.some((segment) => segment === '' || segment.split('*').length > 2)) return false;
  const [first, ...rest] = segments;
  if (first === '*' && rest.length === 0 && path.length > 0) return true;
  if (first === undefined || path[0] === undefined) return first === undefined && path.length === 0;
  const [before = '', after] = first.split('*').map(decodeURIComponent);
  const name = path[0];
  const lengths = after === undefined ? [0] : Array.from({ length: name.length + 1 }, (_, i) => i);
  const fits = lengths.some(
    (length) => before + name.slice(before.length, before.length + length) + (after ?? '') === name,
  );
  return fits && (rest.length === 0 ? path.length === 1 : slowly(rest.join(':'), path.slice(1)));
}

const alphabet = fc.constantFrom('a', 'b', ':', '*', '%', ' ', '-', '团', '😀', '\u202e', 'tools', 'rooms', 'join');
const names = fc.array(alphabet, { maxLength: 5 }).map((parts) => parts.join(''));
const escaped = (name: string): string => encodeURIComponent(name).replaceAll('*', '%2A');
const segments = fc.oneof(
  names.map(escaped),
  fc.tuple(names, names).map(([a, b]) => `${escaped(a)}*${escaped(b)}`),
  fc.constantFrom('*', '', 'a*', '*b', 'tools', 'rooms', 'models', 'join', 'publish', 'j*', '*o*'),
);
const scopes = fc.array(segments, { minLength: 1, maxLength: 4 }).map((parts) => parts.join(':'));

describe('any scope', () => {
  it('grants what a slow reading of the grammar grants', () => {
    fc.assert(
      fc.property(scopes, names, (scope, name) => {
        const expected = Object.entries<ActionInfo>(ACTIONS).flatMap(([action, { scope: template }]) => {
          const path = template?.split(':').map((segment) => (segment.startsWith('{') ? name : segment)) ?? [];
          return slowly(scope, path) ? [action] : [];
        });
        expect(granted([scope], name)).toEqual(expected);
      }),
      cases(5_000),
    );
  });

  it('made of a name that is escaped grants exactly this name', () => {
    fc.assert(
      fc.property(names, names, (name, other) => {
        fc.pre(name !== '');
        expect(may([`tools:${escaped(name)}`], 'tool', name)).toBe(true);
        expect(may([`rooms:${escaped(name)}:join`], 'join', other)).toBe(name === other);
      }),
      cases(5_000),
    );
  });

  it('is read without an error, whatever is in it', () => {
    fc.assert(
      fc.property(fc.array(fc.anything(), { maxLength: 3 }), fc.string({ unit: ANY_CHARACTER }), (list, text) => {
        const principal = { id: 'anna', scopes: [...list, text] } as Principal;
        for (const action of all) permissions.allows(principal, action, named('x'));
      }),
      cases(200),
    );
  });
});
