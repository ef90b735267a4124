import OpenAI from 'openai';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { LlmPart, LlmProvider } from '../../src/agent/llm-provider.js';
import { AgentSocketError } from '../../src/protocol/agent-socket-error.js';
import { createOpenAiProvider } from '../../src/providers/openai.js';
import { Gate, scripts, startOpenAiUpstream, type OpenAiUpstream } from '../helpers/openai-upstream.js';
import { askedBy } from '../helpers/asker.js';

const KEY = 'own-key-0042';

let upstream: OpenAiUpstream;
beforeEach(async () => {
  upstream = await startOpenAiUpstream();
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await upstream.close();
});

const own = (): LlmProvider =>
  createOpenAiProvider({ client: new OpenAI({ apiKey: KEY, baseURL: upstream.url, logLevel: 'off' }), model: 'm' });

function ask(provider: LlmProvider, signal = new AbortController().signal) {
  const stream = provider.stream({ messages: [{ role: 'user', content: 'hello' }], tools: [] }, askedBy(signal));
  return stream[Symbol.asyncIterator]();
}

async function gather(stream: ReturnType<typeof ask>): Promise<LlmPart[]> {
  const parts: LlmPart[] = [];
  for (let turn = await stream.next(); turn.done !== true; turn = await stream.next())
    parts.push(...[turn.value].flat());
  return parts;
}

const textOf = (parts: readonly LlmPart[]): string =>
  parts.map((part) => (part.type === 'text-delta' ? part.text : '')).join('');

describe('a client of the embedder', () => {
  it('is used with its key and its fetch', async () => {
    const parts = await gather(ask(own()));
    expect(textOf(parts)).toBe('You said: hello');
    expect(parts.at(-1)).toEqual({ type: 'finish', reason: 'stop', raw: 'stop' });
    expect((await upstream.request(1)).headers.authorization).toBe(`Bearer ${KEY}`);
  });

  it('is told apart by its errors, without its key', async () => {
    upstream.reply(scripts.unauthorized(KEY));
    const failure: unknown = await gather(ask(own())).catch((error: unknown) => error);
    expect(AgentSocketError.isInstance(failure) && failure.message).toBe(
      'Authentication at the model provider failed.',
    );
    expect(String((failure as Error).cause)).not.toContain(KEY);
  });

  it('fails typed where the connection is reset in the middle', async () => {
    upstream.reply({ tokens: ['a'], end: 'reset' });
    const failure: unknown = await gather(ask(own())).catch((error: unknown) => error);
    expect(AgentSocketError.isInstance(failure) && failure.code).toBe('provider_error');
  });

  it('is told where something else than a stream came', async () => {
    upstream.reply({ status: 200, body: '<html></html>' });
    const failure: unknown = await gather(ask(own())).catch((error: unknown) => error);
    expect((failure as Error).message).toBe(
      'The model provider sent something that is not an event stream (text/html).',
    );
  });

  it.each(['abort', 'return'] as const)('ends its upstream request on %s', async (how) => {
    const gate = new Gate();
    upstream.reply({ tokens: ['a', 'b'], gate });
    const abort = new AbortController();
    const stream = ask(own(), abort.signal);
    gate.release();
    await stream.next();
    if (how === 'abort') abort.abort();
    else await stream.return?.();
    await (
      await upstream.request(1)
    ).aborted;
  });
});

describe('a client of our own', () => {
  it('takes nothing from the environment', async () => {
    vi.stubEnv('OPENAI_BASE_URL', 'http://127.0.0.1:1/v1');
    vi.stubEnv('OPENAI_API_KEY', 'from-the-environment');
    vi.stubEnv('OPENAI_ORG_ID', 'org-environment');
    vi.stubEnv('OPENAI_PROJECT_ID', 'project-environment');
    vi.stubEnv('OPENAI_LOG', 'debug');
    const log = vi.spyOn(console, 'debug');
    await gather(ask(createOpenAiProvider({ apiKey: KEY, baseUrl: upstream.url, model: 'm' })));
    const { headers } = await upstream.request(1);
    expect(headers.authorization).toBe(`Bearer ${KEY}`);
    expect(headers).not.toHaveProperty('openai-organization');
    expect(headers).not.toHaveProperty('openai-project');
    expect(log).not.toHaveBeenCalled();
  });
});
