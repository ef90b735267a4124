import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { firstOf, tokenAuth, type StaticToken } from '../../../src/auth/index.js';
import { AgentSocketError, OptionError } from '../../../src/index.js';
import { temporaryDirectory } from '../../helpers/temporary-directory.js';
import { bearer, request } from './hooks.js';

const sha256 = (token: string): string => createHash('sha256').update(token).digest('hex');
const ci: StaticToken = { sha256: sha256('token-of-ci'), id: 'ci', scopes: ['tools:calculator'] };

function fileWith(content: string): string {
  const file = join(temporaryDirectory(), 'tokens.json');
  writeFileSync(file, content);
  return file;
}

describe('static tokens', () => {
  it('give their principals', () => {
    const hook = tokenAuth({ tokens: [ci, { sha256: sha256('other').toUpperCase(), id: 'other' }] });
    expect(hook(bearer('token-of-ci'))).toEqual({ id: 'ci', scopes: ['tools:calculator'], expiresAt: undefined });
    expect(hook(request({ 'sec-websocket-protocol': 'agent-ws.v1, other' }))).toMatchObject({
      id: 'other',
      scopes: [],
    });
    for (const asked of [request(), bearer('Token-Of-CI'), bearer(ci.sha256), bearer('token-of-c')]) {
      expect(hook(asked)).toBe(null);
    }
  });

  it('may end, and may be in a file', () => {
    const file = fileWith(`\uFEFF${JSON.stringify([{ ...ci, expiresAt: '2030-01-01T00:00:00Z' }])}\n`);
    expect(tokenAuth({ file })(bearer('token-of-ci'))?.expiresAt).toBe(Date.UTC(2030, 0, 1));
  });

  it.each<[string, Parameters<typeof tokenAuth>[0], content?: string]>([
    ['no token', {}],
    ['none in the list', { tokens: [] }],
    ['a hash that is a token', { tokens: [{ sha256: 'token-of-ci', id: 'ci' }] }],
    ['an empty id', { tokens: [{ ...ci, id: '' }] }],
    ['scopes in one text', { tokens: [{ ...ci, scopes: 'a b' as never }] }],
    ['no date', { tokens: [{ ...ci, expiresAt: 'soon' }] }],
    ['the same token twice', { tokens: [ci, { ...ci, id: 'other' }] }],
    ['a misspelt field', { tokens: [{ ...ci, scope: ['a'] } as never] }],
    ['a file that is not there', { file: '/nowhere/tokens.json' }],
    ['a file that is no JSON', {}, 'token-of-ci'],
    ['a file with an object', {}, '{"token-of-ci":"ci"}'],
  ])('with %s are refused, and not shown', (_what, given, content) => {
    const options = content === undefined ? given : { file: fileWith(content) };
    expect(() => tokenAuth(options)).toThrow(OptionError);
    expect(() => tokenAuth(options)).toThrow(/^(?!.*token-of-ci)/);
  });
});

describe('firstOf', () => {
  const unauthorized = (): never => {
    throw new AgentSocketError('unauthorized', 'The JWT is refused: why');
  };
  const ann = () => ({ id: 'ann' });

  it('asks one after the other', async () => {
    expect(
      await firstOf(
        () => null,
        ann,
        () => ({ id: 'bob' }),
      )(request()),
    ).toEqual({ id: 'ann' });
    expect(await firstOf(unauthorized, ann)(request())).toEqual({ id: 'ann' });
    expect(await firstOf(() => null)(request())).toBe(null);
  });

  it('says why nobody knows the client', async () => {
    await expect(
      firstOf(
        () => null,
        unauthorized,
        () => null,
      )(request()),
    ).rejects.toThrow('why');
  });

  it('ends with an error that is no refusal', async () => {
    const blocked = (): never => {
      throw new AgentSocketError('forbidden', 'Blocked');
    };
    await expect(firstOf(blocked, ann)(request())).rejects.toThrow('Blocked');
  });
});
