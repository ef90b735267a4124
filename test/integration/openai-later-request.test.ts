import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LlmPart, LlmProvider } from '../../src/agent/llm-provider.js';
import { AgentSocketError } from '../../src/protocol/agent-socket-error.js';
import { createOpenAiProvider, type OpenAiProviderOptions } from '../../src/providers/openai.js';
import { scripts, startOpenAiUpstream, type OpenAiUpstream, type Script } from '../helpers/openai-upstream.js';
import { askedBy } from '../helpers/asker.js';

// The first request goes through the openai package; a later one only where its first attempt failed.
// Nothing but the time it takes may tell them apart.

const KEY = 'sk-test-do-not-log-0043';

let upstream: OpenAiUpstream;
beforeEach(async () => {
  upstream = await startOpenAiUpstream();
});
afterEach(() => upstream.close());

async function ask(provider: LlmProvider, signal = new AbortController().signal): Promise<string> {
  let text = '';
  const request = { messages: [{ role: 'user', content: 'hello' } as const], tools: [] };
  for await (const element of provider.stream(request, askedBy(signal))) {
    const parts: readonly LlmPart[] = 'type' in element ? [element] : element;
    for (const part of parts) if (part.type === 'text-delta') text += part.text;
  }
  return text;
}

/** A provider that has asked once. */
async function warmProvider(options: Partial<OpenAiProviderOptions> = {}): Promise<LlmProvider> {
  const provider = createOpenAiProvider({ apiKey: KEY, baseUrl: upstream.url, model: 'm', ...options });
  expect(await ask(provider)).toBe('You said: hello');
  return provider;
}

async function failureOf(answer: Promise<string>): Promise<AgentSocketError> {
  const failure: unknown = await answer.then(
    (text) => new Error(`answered ${text}`),
    (error: unknown) => error,
  );
  if (!AgentSocketError.isInstance(failure)) throw failure;
  return failure;
}

describe('a later request', () => {
  it('is asked for with the same path, headers and fields', async () => {
    const provider = await warmProvider({ organization: 'org-1', extraBody: { seed: 7 } });
    await ask(provider);
    const [first, later] = await Promise.all([upstream.request(1), upstream.request(2)]);
    expect(later.path).toBe(first.path);
    expect(later.body).toEqual(first.body);
    expect(later.headers).toEqual(first.headers);
  });

  it.each([408, 409, 429, 500, 503])('with %d is tried again', async (status) => {
    const provider = await warmProvider();
    upstream.replyOnce({ status, headers: { 'retry-after-ms': '1' }, body: '{}' });
    expect(await ask(provider)).toBe('You said: hello');
    const [, failed, retried] = await Promise.all([1, 2, 3].map((n) => upstream.request(n)));
    expect(upstream.requests).toHaveLength(3);
    expect(failed?.headers['x-stainless-retry-count']).toBe('0');
    expect(retried?.headers['x-stainless-retry-count']).toBe('1');
  });

  it.each<[string, Script, string, number]>([
    ['401', scripts.unauthorized(KEY), 'provider_unauthorized', 1],
    ['a Retry-After that is too long', scripts.rateLimited(3_600), 'provider_rate_limited', 1],
    ['429 that stays', { status: 429, headers: { 'retry-after-ms': '1' }, body: '{}' }, 'provider_rate_limited', 3],
    ['a reset before the headers that stays', { raw: 'reset' }, 'provider_error', 3],
  ])('with %s fails after as many attempts as a first one', async (_, script, code, attempts) => {
    const provider = await warmProvider();
    upstream.reply(script);
    const before = upstream.requests.length;
    const later = await failureOf(ask(provider));
    expect(upstream.requests.length - before).toBe(attempts);
    const fresh = createOpenAiProvider({ apiKey: KEY, baseUrl: upstream.url, model: 'm' });
    const first = await failureOf(ask(fresh));
    expect([later.code, later.message, later.retryable, later.retryAfterMs]).toEqual([
      first.code,
      first.message,
      first.retryable,
      first.retryAfterMs,
    ]);
    expect(later.code).toBe(code);
  });

  it.each(['1e999', 'soon'])('with the unreadable Retry-After %s waits as if there were none', async (after) => {
    const provider = await warmProvider();
    upstream.replyOnce({ status: 429, headers: { 'retry-after': after }, body: '{}' });
    const asked = performance.now();
    expect(await ask(provider)).toBe('You said: hello');
    // Half a second, less a quarter of jitter and what timers are early by.
    expect(performance.now() - asked).toBeGreaterThan(370);
  });

  it('that is not answered in time fails, and is given up', async () => {
    const provider = await warmProvider({ firstTokenTimeoutMs: 300 });
    upstream.replyOnce({ raw: 'silence' });
    expect((await failureOf(ask(provider))).code).toBe('provider_timeout');
    await (
      await upstream.request(2)
    ).aborted;
    expect(upstream.requests).toHaveLength(2);
  });

  it('is aborted upstream before its headers', async () => {
    const provider = await warmProvider();
    upstream.reply({ raw: 'silence' });
    const controller = new AbortController();
    const answer = ask(provider, controller.signal).catch((error: unknown) => error);
    const request = await upstream.request(2);
    controller.abort(new Error('stop'));
    expect(await answer).toMatchObject({ message: 'stop' });
    await request.aborted;
    expect(upstream.requests).toHaveLength(2);
  });
});
