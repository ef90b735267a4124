import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { AgentSocketError } from '../../../../src/errors/agent-socket-error.js';
import { inStreamFailure, providerFailure } from '../../../../src/providers/openai/provider-failure.js';

const KEY = 'my-own-secret-0042';

function apiError(status: number, fields: object = {}, headers: Record<string, string> = {}): Error {
  const message = `${status} Wrong key ${KEY} at https://user:hunter2@host/v1, Bearer abc.def.ghi and sk-proj-Ab12Cd34`;
  return Object.assign(new Error(message), { status, headers: new Headers(headers), error: { message }, ...fields });
}

describe('providerFailure', () => {
  it.each([
    [401, {}, 'provider_error', false, 'Authentication at the model provider failed.'],
    [403, {}, 'provider_error', false, 'The model provider does not permit this request.'],
    [404, {}, 'provider_error', false, 'The model provider does not know this model or address.'],
    [400, {}, 'provider_error', false, 'The model provider refused the request.'],
    [
      400,
      { code: 'context_length_exceeded' },
      'provider_error',
      false,
      'The conversation is longer than the model can take.',
    ],
    [429, {}, 'provider_rate_limited', true, 'The model provider asks to slow down.'],
    [429, { code: 'insufficient_quota' }, 'provider_error', false, 'The quota at the model provider is used up.'],
    [500, {}, 'provider_error', true, 'The model provider failed.'],
    [503, {}, 'provider_error', true, 'The model provider failed.'],
    [418, {}, 'provider_error', false, 'The model provider failed.'],
  ])('says its own sentence for %d %j', (status, fields, code, retryable, message) => {
    const failure = providerFailure(apiError(status, fields), KEY);
    expect({ code: failure.code, retryable: failure.retryable, message: failure.message }).toEqual({
      code,
      retryable,
      message,
    });
  });

  it('recognises a conversation that is too long by the words of other servers', () => {
    const error = Object.assign(new Error("400 This model's maximum context length is 4096 tokens."), { status: 400 });
    expect(providerFailure(error, undefined).message).toContain('longer than the model can take');
  });

  it.each([
    [{ 'retry-after-ms': '1500' }, 1500],
    [{ 'retry-after': '7' }, 7000],
    [{ 'retry-after': '100.0005' }, 100_001],
    [{ 'retry-after-ms': '0.5' }, 1],
    [{ 'retry-after': '-7' }, 0],
    [{ 'retry-after': '1e999' }, undefined],
    [{ 'retry-after-ms': '1e999' }, undefined],
    [{ 'retry-after': '1e300' }, undefined],
    [{ 'retry-after': 'soon' }, undefined],
    [{}, undefined],
  ])('passes on %j as %s ms', (headers, ms) => {
    expect(providerFailure(apiError(429, {}, headers), KEY).retryAfterMs).toBe(ms);
  });

  it('reads a date in Retry-After', () => {
    const headers = { 'retry-after': new Date(Date.now() + 60_000).toUTCString() };
    const ms = providerFailure(apiError(429, {}, headers), KEY).retryAfterMs ?? 0;
    expect(ms).toBeGreaterThan(50_000);
    expect(ms).toBeLessThanOrEqual(60_000);
  });

  it('tells a timeout from a refused connection', () => {
    expect(providerFailure(new Error('Request timed out.'), undefined).code).toBe('provider_timeout');
    const refused = providerFailure(new Error('Connection error.'), undefined);
    expect([refused.code, refused.message]).toEqual(['provider_error', 'The model provider cannot be reached.']);
  });

  it('keeps keys, tokens and passwords out of the whole error, causes included', () => {
    const error = apiError(401, { code: KEY });
    error.cause = new Error(`inner ${KEY}`, { cause: `deep ${KEY}` });
    const failure = providerFailure(error, KEY);
    const everything = inspect(failure, { depth: 10, showHidden: true });
    for (const secret of [KEY, 'hunter2', 'abc.def.ghi', 'sk-proj-Ab12Cd34']) expect(everything).not.toContain(secret);
    expect(everything).toContain('[redacted]');
    expect((failure.cause as Error).message).toContain('401 Wrong key');
  });

  it('takes anything that can be thrown, and leaves its own errors alone', () => {
    const own = new AgentSocketError('output_too_large', 'x');
    expect(providerFailure(own, undefined)).toBe(own);
    for (const thrown of [undefined, null, 7, 'text', {}]) {
      expect(AgentSocketError.isInstance(providerFailure(thrown, undefined))).toBe(true);
    }
  });
});

describe('inStreamFailure', () => {
  it.each([{ message: `no ${KEY}` }, `no ${KEY}`, null, 7, { message: 7 }])('takes %j', (error) => {
    const failure = inStreamFailure(error, KEY);
    expect(failure.code).toBe('provider_error');
    expect(inspect(failure, { depth: 10 })).not.toContain(KEY);
  });
});
