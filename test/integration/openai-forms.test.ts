import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LlmMessage, LlmPart, LlmProvider } from '../../src/agent/llm-provider.js';
import { AgentSocketError } from '../../src/protocol/agent-socket-error.js';
import { createOpenAiProvider, type OpenAiProviderOptions } from '../../src/providers/openai.js';
import { askedBy } from '../helpers/asker.js';
import {
  scripts,
  startOpenAiUpstream,
  type ChatBody,
  type OpenAiUpstream,
  type Script,
} from '../helpers/openai-upstream.js';

let upstream: OpenAiUpstream;
beforeEach(async () => {
  upstream = await startOpenAiUpstream();
});
afterEach(() => upstream.close());

const make = (options: Partial<OpenAiProviderOptions> = {}): LlmProvider =>
  createOpenAiProvider({ apiKey: 'sk-test', baseUrl: upstream.url, model: 'm', maxRetries: 0, ...options });

async function ask(provider: LlmProvider, messages: readonly LlmMessage[], model?: string): Promise<string> {
  let text = '';
  for await (const element of provider.stream({ messages, tools: [], model }, askedBy())) {
    const parts: readonly LlmPart[] = 'type' in element ? [element] : element;
    for (const part of parts) if (part.type === 'text-delta') text += part.text;
  }
  return text;
}

async function failureOf(answer: Promise<string>): Promise<AgentSocketError> {
  const failure: unknown = await answer.then(
    (text) => new Error(`answered ${text}`),
    (error: unknown) => error,
  );
  if (!AgentSocketError.isInstance(failure)) throw failure;
  return failure;
}

describe('a server that wants the reasoning of every answer back', () => {
  const messages: readonly LlmMessage[] = [
    { role: 'user', content: 'What is 6 * 7?' },
    {
      role: 'assistant',
      content: '',
      reasoning: 'A sum.',
      toolCalls: [{ id: 'c1', name: 'calculator', arguments: '{}' }],
      providerData: { reasoning_field: 'reasoning_content' },
    },
    { role: 'tool', toolCallId: 'c1', toolName: 'calculator', content: '42' },
    { role: 'assistant', content: '42', reasoning: 'Done.', providerData: { reasoning_field: 'reasoning_content' } },
    { role: 'user', content: 'And 7 * 7?' },
    { role: 'assistant', content: '49', reasoning: 'Of another model.' },
    { role: 'user', content: 'hello' },
  ];
  const wanted = ['A sum.', 'Done.', ' '];
  const sent = ({ messages: all }: ChatBody): unknown[] =>
    all.filter(({ role }) => role === 'assistant').map((message) => message['reasoning_content']);
  const strict = (body: ChatBody, message: string): Script =>
    sent(body).includes(undefined)
      ? { status: 400, body: { error: { message, code: 'invalid_request_error' } } }
      : scripts.echo(body);

  it.each([
    'The `reasoning_content` in the thinking mode must be passed back to the API.',
    'thinking is enabled but reasoning_content is missing in assistant tool call message at index 5',
    'Missing `reasoning_content` field in the assistant message at message index 5.',
  ])('gets it, and from then on at once: %s', async (words) => {
    upstream.reply((body) => strict(body, words));
    const provider = make();
    for (let n = 0; n < 2; n++) expect(await ask(provider, messages)).toBe('You said: hello');
    expect(upstream.requests.map(({ body }) => sent(body))).toEqual([['A sum.', undefined, undefined], wanted, wanted]);
  });

  it('for one of its models gets it for this one', async () => {
    upstream.reply((body) => (body.model === 'thinker' ? strict(body, 'reasoning_content?') : scripts.echo(body)));
    const provider = make();
    await ask(provider, messages, 'thinker');
    await ask(provider, messages);
    await ask(provider, messages, 'thinker');
    expect(upstream.requests.map(({ body }) => sent(body).includes(undefined))).toEqual([true, false, true, false]);
  });

  it('and does not know stream_options is asked as it wants', async () => {
    upstream.reply((body) =>
      body.stream_options === undefined ? strict(body, 'reasoning_content?') : { status: 400, body: 'stream_options?' },
    );
    const provider = make();
    for (let n = 0; n < 2; n++) expect(await ask(provider, messages)).toBe('You said: hello');
    expect(upstream.requests).toHaveLength(4);
  });

  it('is asked as usual where that did not help', async () => {
    const refusal = { status: 400, body: 'reasoning_content?' };
    upstream.replyOnce(refusal, refusal);
    const provider = make();
    expect((await failureOf(ask(provider, messages))).code).toBe('provider_refused');
    expect(upstream.requests).toHaveLength(2);
    await ask(provider, messages);
    expect(sent((await upstream.request(3)).body)).toContain(undefined);
  });
});
