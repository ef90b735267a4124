import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LlmPart, LlmRequest } from '../../src/agent/llm-provider.js';
import { AgentSocketError } from '../../src/protocol/agent-socket-error.js';
import { createOpenAiProvider, type OpenAiProviderOptions } from '../../src/providers/openai.js';
import { Gate, scripts, startOpenAiUpstream, type OpenAiUpstream, type Script } from '../helpers/openai-upstream.js';
import { askedBy } from '../helpers/asker.js';

const KEY = 'sk-test-do-not-log-0042';
const HELLO: LlmRequest = { messages: [{ role: 'user', content: 'hello' }], tools: [] };

let upstream: OpenAiUpstream;
beforeEach(async () => {
  upstream = await startOpenAiUpstream();
});
afterEach(() => upstream.close());

function ask(options: Partial<OpenAiProviderOptions> = {}, request = HELLO, signal = new AbortController().signal) {
  const provider = createOpenAiProvider({ apiKey: KEY, baseUrl: upstream.url, model: 'test-model', ...options });
  return provider.stream(request, askedBy(signal))[Symbol.asyncIterator]();
}

/** Everything a stream says, and how it failed where it did. */
async function gather(stream: ReturnType<typeof ask>): Promise<{ parts: LlmPart[]; failure: unknown }> {
  const parts: LlmPart[] = [];
  try {
    for (let turn = await stream.next(); turn.done !== true; turn = await stream.next())
      parts.push(...[turn.value].flat());
    return { parts, failure: undefined };
  } catch (failure) {
    return { parts, failure };
  }
}

async function failureOf(stream: ReturnType<typeof ask>): Promise<AgentSocketError> {
  const { failure } = await gather(stream);
  if (!AgentSocketError.isInstance(failure)) throw new Error(`not a typed error: ${inspect(failure)}`);
  return failure;
}

const textOf = (parts: readonly LlmPart[]): string =>
  parts.map((part) => (part.type === 'text-delta' ? part.text : '')).join('');

describe('an answer', () => {
  it('arrives with usage and the finish reason', async () => {
    const { parts, failure } = await gather(ask());
    expect(failure).toBeUndefined();
    expect(textOf(parts)).toBe('You said: hello');
    expect(parts.slice(-2)).toEqual([
      { type: 'usage', inputTokens: 10, outputTokens: 3 },
      { type: 'finish', reason: 'stop', raw: 'stop' },
    ]);
  });

  it('is asked for with key, organization and the options of the provider', async () => {
    await gather(ask({ organization: 'org-1', temperature: 0.5, extraBody: { seed: 7 } }));
    const { headers, body, path } = await upstream.request(1);
    expect(path).toBe('/v1/chat/completions');
    expect(headers).toMatchObject({ authorization: `Bearer ${KEY}`, 'openai-organization': 'org-1' });
    expect(body).toEqual({
      model: 'test-model',
      messages: [{ role: 'user', content: 'hello' }],
      temperature: 0.5,
      seed: 7,
      stream: true,
      stream_options: { include_usage: true },
    });
  });

  it('is handed on token by token as it arrives', async () => {
    const gate = new Gate();
    upstream.reply({ tokens: ['One', ' two', ' three'], gate });
    const stream = ask();
    for (const text of ['One', ' two', ' three']) {
      const turn = stream.next();
      gate.release();
      expect([(await turn).value].flat()[0]).toEqual({ type: 'text-delta', text });
    }
  });

  const long = Array.from({ length: 300 }, (_, at) => ['word ', '汉字', '😀', '"\\\n', 'é'][at % 5] ?? '');
  it.each<[string, Script]>([
    ['one byte per packet', { tokens: long.slice(0, 12), packets: 'byte' }],
    ['everything in one packet', { tokens: long, packets: 'whole' }],
    ['CRLF line ends', { tokens: long, lineEnd: '\r\n' }],
    ['CR line ends, one byte per packet', { tokens: long.slice(0, 12), lineEnd: '\r', packets: 'byte' }],
    ['padding', { tokens: long, padding: true }],
    ['a chunk of 10 MB', { tokens: ['a', '字'.repeat(3_500_000), 'b'] }],
    ['no [DONE]', { tokens: long, end: 'no-done' }],
  ])('is read exactly with %s', async (_, script) => {
    upstream.reply(script);
    const { parts, failure } = await gather(ask());
    expect(failure).toBeUndefined();
    const tokens = 'tokens' in script ? (script.tokens ?? []) : [];
    expect(textOf(parts) === tokens.join('')).toBe(true);
    expect(parts.at(-1)).toEqual({ type: 'finish', reason: 'stop', raw: 'stop' });
  });

  it('may be empty', async () => {
    upstream.reply({ usage: false });
    expect((await gather(ask())).parts).toEqual([{ type: 'finish', reason: 'stop', raw: 'stop' }]);
  });

  it.each(['reasoning_content', 'reasoning'] as const)('may begin with reasoning in %s', async (reasoningField) => {
    upstream.reply({ reasoning: ['Let me ', 'think.'], reasoningField, tokens: ['Done.'], packets: 'whole' });
    expect((await gather(ask())).parts.slice(0, 2)).toEqual([
      { type: 'reasoning-delta', text: 'Let me think.' },
      { type: 'text-delta', text: 'Done.' },
    ]);
  });

  it('may be parallel tool calls in pieces, one of them with broken arguments', async () => {
    upstream.reply({
      toolCalls: [
        { name: 'calculator', arguments: '{"expression":"1 + 1"}' },
        { name: 'clock', arguments: '{"zone": broken', id: null },
      ],
    });
    const { parts } = await gather(ask());
    expect(parts[0]).toEqual({
      type: 'tool-call',
      id: 'call_1',
      name: 'calculator',
      arguments: '{"expression":"1 + 1"}',
    });
    expect(parts[1]).toMatchObject({ type: 'tool-call', name: 'clock', arguments: '{"zone": broken' });
    expect(parts.at(-1)).toMatchObject({ type: 'finish', reason: 'tool_calls' });
  });

  it('may be whole tool calls in one event, without ids and indices', async () => {
    const call = { name: 'clock', arguments: '{}', id: null, index: null };
    upstream.reply({ toolCalls: [call, call], toolCallPiece: 0 });
    const calls = (await gather(ask())).parts.filter((part) => part.type === 'tool-call');
    expect(calls).toHaveLength(2);
    expect(new Set(calls.map(({ id }) => id)).size).toBe(2);
  });

  it('leaves the connection to the next one', async () => {
    const provider = createOpenAiProvider({ apiKey: KEY, baseUrl: upstream.url, model: 'm' });
    const { signal } = new AbortController();
    for (let n = 1; n <= 10; n++) {
      const stream = provider.stream(HELLO, askedBy(signal))[Symbol.asyncIterator]();
      expect((await gather(stream)).failure).toBeUndefined();
      await (
        await upstream.request(n)
      ).closed;
    }
    expect(upstream.connectionCount).toBeLessThan(10);
    expect(upstream.abortedCount).toBe(0);
  });

  it('leaves the connection to the next one although the body ends later than the answer', async () => {
    const end = new Gate();
    upstream.reply({
      raw: async (_, response) => {
        response.write('data: {"choices":[{"delta":{"content":"x"}}]}\n\ndata: [DONE]\n\n');
        await end.pass();
        response.end(': bye\n\n');
      },
    });
    const provider = createOpenAiProvider({ apiKey: KEY, baseUrl: upstream.url, model: 'm' });
    for (let n = 1; n <= 2; n++) {
      const stream = provider.stream(HELLO, askedBy())[Symbol.asyncIterator]();
      expect((await gather(stream)).failure).toBeUndefined();
      // Time enough to notice a connection that was given up.
      for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
      end.release();
      await (
        await upstream.request(n)
      ).closed;
    }
    expect(upstream.abortedCount).toBe(0);
  });

  it('does not hold a connection whose body has no end', async () => {
    upstream.reply({
      raw: (_, response) => {
        response.write('data: {"choices":[{"delta":{"content":"x"}}]}\n\ndata: [DONE]\n\n');
      },
    });
    expect((await gather(ask())).failure).toBeUndefined();
    await (
      await upstream.request(1)
    ).aborted;
  });

  it('is asked for again without stream_options by a server that refuses them, and from then on', async () => {
    const body = { error: { message: 'Unknown field: stream_options', type: 'invalid_request_error' } };
    upstream.reply((asked) => (asked.stream_options === undefined ? scripts.echo(asked) : { status: 400, body }));
    const provider = createOpenAiProvider({ apiKey: KEY, baseUrl: upstream.url, model: 'm' });
    for (let n = 0; n < 2; n++) {
      const stream = provider.stream(HELLO, askedBy())[Symbol.asyncIterator]();
      const { parts } = await gather(stream);
      expect(textOf(parts)).toBe('You said: hello');
      expect(parts.some(({ type }) => type === 'usage')).toBe(false);
    }
    expect(upstream.requests.map((request) => request.body.stream_options !== undefined)).toEqual([true, false, false]);
  });

  it('is asked for again without stream_options by each of several first requests', async () => {
    const body = { error: { message: 'Unknown field: stream_options', type: 'invalid_request_error' } };
    upstream.reply((asked) => (asked.stream_options === undefined ? scripts.echo(asked) : { status: 400, body }));
    const provider = createOpenAiProvider({ apiKey: KEY, baseUrl: upstream.url, model: 'm' });
    const { signal } = new AbortController();
    const answers = await Promise.all(
      [1, 2, 3].map(() => gather(provider.stream(HELLO, askedBy(signal))[Symbol.asyncIterator]())),
    );
    expect(answers.map(({ parts, failure }) => [textOf(parts), failure])).toEqual(
      [1, 2, 3].map(() => ['You said: hello', undefined]),
    );
  });

  it('is read in turn by two readers at once', async () => {
    const stream = ask();
    const [first, second, third] = await Promise.all([stream.next(), stream.next(), stream.next()]);
    expect(first.done).toBe(false);
    expect([first, second, third].some((turn) => turn.done === true)).toBe(true);
  });
});

describe('a refusal', () => {
  it.each([
    [401, 'invalid_api_key', 'provider_unauthorized', 'Authentication at the model provider failed.'],
    [403, null, 'provider_unauthorized', 'The model provider does not permit this request.'],
    [400, null, 'provider_refused', 'The model provider refused the request.'],
    [404, 'model_not_found', 'provider_refused', 'The model provider does not know this model or address.'],
  ])('with %d is told at once and in our own words', async (status, code, kind, message) => {
    const body = { error: { message: `No, not with ${KEY}.`, type: 'invalid_request_error', code } };
    upstream.reply({ status, body });
    const failure = await failureOf(ask());
    expect([failure.code, failure.message, failure.retryable]).toEqual([kind, message, false]);
    expect(upstream.requests).toHaveLength(1);
    expect(inspect(failure, { depth: 10, showHidden: true })).not.toContain(KEY);
    expect(failure.detail).toBe(`${status} ${code ?? 'invalid_request_error'}: No, not with [redacted].`);
  });

  it('with a page of HTML stays out of the message', async () => {
    upstream.reply({ status: 502, headers: { 'x-should-retry': 'false' }, body: '<h1>Bad gateway at 10.0.0.7</h1>' });
    expect((await failureOf(ask())).message).toBe('The model provider failed.');
  });

  it.each([408, 409, 429, 500, 503])('with %d is tried again', async (status) => {
    upstream.replyOnce({ ...scripts.brokenOnce(), status }, { ...scripts.brokenOnce(), status });
    expect(textOf((await gather(ask())).parts)).toBe('You said: hello');
    expect(upstream.requests).toHaveLength(3);
  });

  it('ends the tries with maxRetries', async () => {
    upstream.reply({ ...scripts.brokenOnce(), status: 429 });
    const failure = await failureOf(ask({ maxRetries: 1 }));
    expect([failure.code, failure.retryAfterMs, upstream.requests.length]).toEqual(['provider_rate_limited', 1, 2]);
  });

  it('that asks to wait longer than anybody waits is told at once', async () => {
    upstream.reply(scripts.rateLimited(3600));
    const failure = await failureOf(ask());
    expect([failure.code, failure.retryAfterMs, failure.retryable]).toEqual(['provider_rate_limited', 3_600_000, true]);
    expect(upstream.requests).toHaveLength(1);
  });

  it('by a reset before the headers is tried again, and told when it stays', async () => {
    upstream.replyOnce({ raw: 'reset' });
    expect(textOf((await gather(ask())).parts)).toBe('You said: hello');
    upstream.reply({ raw: 'reset' });
    const failure = await failureOf(ask({ maxRetries: 0 }));
    expect([failure.code, failure.message]).toEqual(['provider_error', 'The model provider cannot be reached.']);
  });

  it('by nobody listening is told', async () => {
    const gone = await startOpenAiUpstream();
    await gone.close();
    const failure = await failureOf(ask({ baseUrl: gone.url, maxRetries: 0 }));
    expect(failure.message).toBe('The model provider cannot be reached.');
  });
});

describe('a stream that breaks', () => {
  it.each<[NonNullable<Extract<Script, { end?: unknown }>['end']>, string]>([
    ['cut', 'The model provider ended in the middle of its answer.'],
    ['reset', 'The model provider ended in the middle of its answer.'],
    ['error', 'The model provider has no capacity now.'],
    ['malformed', 'The model provider sent something that cannot be read.'],
  ])('by %s fails after the text before, and is not tried again', async (end, message) => {
    upstream.reply({ tokens: ['Some ', 'text'], end });
    const { parts, failure } = await gather(ask());
    expect(parts.some(({ type }) => type === 'finish')).toBe(false);
    // A reset may overtake what was sent before it.
    if (end === 'reset' && textOf(parts) !== 'Some text') return;
    expect(AgentSocketError.isInstance(failure) && [failure.code, failure.message]).toEqual([
      end === 'error' ? 'provider_overloaded' : 'provider_error',
      message,
    ]);
    expect(textOf(parts)).toBe('Some text');
    expect(upstream.requests).toHaveLength(1);
  });

  it.each([
    ['application/json', { body: { status: 'running' } }, ' (application/json)'],
    [
      'text/html',
      { body: '<html>\n<title>Sign in</title>\n</html>', type: 'Text/HTML; charset=utf-8' },
      ' (text/html)',
    ],
    ['nothing', { body: '', type: 'text/plain' }, ' (text/plain)'],
    ['a type that cannot be shown', { body: 'x', type: 'please read http://x/' }, ''],
  ])('is told where the body is no stream at all but %s', async (_name, { body, ...rest }, named) => {
    upstream.reply({ status: 200, body, ...('type' in rest && { headers: { 'content-type': rest.type } }) });
    const failure = await failureOf(ask());
    expect([failure.code, failure.message, failure.retryable]).toEqual([
      'provider_refused',
      `The model provider sent something that is not an event stream${named}.`,
      false,
    ]);
    expect(failure.cause).toMatchObject({ status: 200, ...(named !== '' && { code: named.slice(2, -1) }) });
    expect(upstream.requests).toHaveLength(1);
  });

  it('is one all the same under another type', async () => {
    const chunk = { choices: [{ delta: { content: 'Hi' }, finish_reason: 'stop' }] };
    upstream.reply({ status: 200, body: `data: ${JSON.stringify(chunk)}\n\ndata: [DONE]\n\n` });
    expect(textOf((await gather(ask())).parts)).toBe('Hi');
    // Where it then ends too early it is a stream that broke.
    upstream.reply({ status: 200, body: 'data: {"choices":[{"delta":{"content":"Hi"}}]}\n\n' });
    expect((await failureOf(ask())).message).toBe('The model provider ended in the middle of its answer.');
  });

  it('is one that broke where it says that it is a stream and holds nothing', async () => {
    upstream.reply({ status: 200, body: '', headers: { 'content-type': 'text/event-stream' } });
    const failure = await failureOf(ask());
    expect([failure.message, failure.retryable]).toEqual(['The model provider ended before its answer began.', true]);
    expect(upstream.requests).toHaveLength(3);
  });

  const stream = { 'content-type': 'text/event-stream' };
  const broken = (opening = ''): Script => ({
    raw: async (request, response) => {
      response.writeHead(200, stream).flushHeaders();
      if (opening !== '') await new Promise((resolve) => response.write(opening, resolve));
      request.socket.destroy();
    },
  });

  it.each<[string, Script]>([
    ['after its head', broken()],
    ['after a comment', broken(': OPENROUTER PROCESSING\n\n')],
    ['after a first chunk that says nothing', broken('data: {"choices":[{"delta":{"role":"assistant"}}]}\n\n')],
    ['by its end without an event', { status: 200, headers: stream, body: '' }],
    ['by an error as its first event', { status: 200, headers: stream, body: 'data: {"error":{"code":429}}\n\n' }],
    ['by an error in one piece', { status: 200, body: { error: { code: 503, message: 'overloaded' } } }],
  ])('%s, before anything is said, is asked for again', async (_, script) => {
    upstream.replyOnce(script);
    const { parts, failure } = await gather(ask());
    expect(failure).toBeUndefined();
    expect(textOf(parts)).toBe('You said: hello');
    expect(upstream.requests).toHaveLength(2);
  });

  it.each<[string, Script, Partial<OpenAiProviderOptions>, string]>([
    ['that is not for now', { status: 200, body: { error: { code: 'invalid_api_key' } } }, {}, 'provider_unauthorized'],
    ['with maxRetries 0', broken(), { maxRetries: 0 }, 'provider_error'],
    ['for which there is no time left', broken(), { firstTokenTimeoutMs: 300 }, 'provider_error'],
  ])('before anything is said, %s, is told at once', async (_, script, options, code) => {
    upstream.reply(script);
    expect((await failureOf(ask(options))).code).toBe(code);
    expect(upstream.requests).toHaveLength(1);
  });

  it('before anything is said is not asked for again after an abort', async () => {
    upstream.reply(broken());
    const controller = new AbortController();
    const answer = gather(ask({}, HELLO, controller.signal));
    await (
      await upstream.request(1)
    ).closed;
    controller.abort(new Error('stop'));
    expect((await answer).failure).toMatchObject({ message: 'stop' });
    expect(upstream.requests).toHaveLength(1);
  });

  it('shows the operator the words with which a stream ends', async () => {
    const body = 'data: {"choices":[{"delta":{"content":"Hi"}}]}\n\ndata: worker 3 was killed\n\n';
    upstream.reply({ status: 200, body, headers: { 'content-type': 'text/event-stream' } });
    const { message, detail } = await failureOf(ask());
    expect([message, detail]).toEqual(['The model provider ended in the middle of its answer.', 'worker 3 was killed']);
  });
});

describe('time', () => {
  it.each<[string, Script]>([
    ['no headers', { raw: 'silence' }],
    ['headers but no token', { raw: (_, response) => response.writeHead(200).flushHeaders() }],
    [
      'a first chunk that says nothing',
      {
        raw: (_, response) => {
          response.writeHead(200, { 'content-type': 'text/event-stream' });
          response.write('data: {"choices":[{"delta":{"role":"assistant","content":""}}]}\n\n');
        },
      },
    ],
    [
      'a body that never ends behind an error',
      {
        raw: (_, response) => {
          response.writeHead(401).write('{"error":');
        },
      },
    ],
  ])('is up with %s', async (_, script) => {
    upstream.reply(script);
    // Long enough for the request to reach the upstream of a busy machine.
    const failure = await failureOf(ask({ firstTokenTimeoutMs: 500, maxRetries: 0 }));
    expect([failure.code, failure.message]).toEqual(['provider_timeout', 'The model provider did not answer in time.']);
    await (
      await upstream.request(1)
    ).aborted;
  });

  it('is not up while the server says that it is at work, for longer than the time to the first token', async () => {
    const firstTokenTimeoutMs = 1_500;
    const beats = [': processing\n\n', '\n', 'event: ping\ndata: {"type":"ping"}\n\n'];
    const start = performance.now();
    upstream.reply({
      raw: async (_, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        for (let n = 0; performance.now() - start < 2 * firstTokenTimeoutMs; n++) {
          response.write(beats[n % beats.length]);
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
        response.end('data: {"choices":[{"delta":{"content":"Here"},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n');
      },
    });
    expect(textOf((await gather(ask({ firstTokenTimeoutMs }))).parts)).toBe('Here');
  });

  it('between tokens is up with a stall, after the text before', async () => {
    upstream.reply({ tokens: ['Some ', 'text'], end: 'stall' });
    const { parts, failure } = await gather(ask({ tokenTimeoutMs: 300 }));
    expect(textOf(parts)).toBe('Some text');
    expect(AgentSocketError.isInstance(failure) && [failure.code, failure.message]).toEqual([
      'provider_timeout',
      'The model provider stopped in the middle of its answer.',
    ]);
    await (
      await upstream.request(1)
    ).aborted;
  });

  it('between tokens is not counted while nobody waits', async () => {
    const gate = new Gate();
    upstream.reply({ tokens: ['a', 'b', 'c'], gate });
    const tokenTimeoutMs = 1_000;
    const stream = ask({ tokenTimeoutMs });
    const turn = async (): Promise<unknown> => {
      const next = stream.next();
      gate.release();
      return [(await next).value].flat()[0];
    };
    await turn();
    await turn();
    // The time of somebody who waits runs out meanwhile.
    upstream.reply({ tokens: ['a'], end: 'stall' });
    expect((await gather(ask({ tokenTimeoutMs }))).failure).toMatchObject({ code: 'provider_timeout' });
    expect(await turn()).toEqual({ type: 'text-delta', text: 'c' });
  });

  it('between tokens starts anew with each piece of a tool call', async () => {
    const text = JSON.stringify({ expression: '1 + '.repeat(40) });
    const toolCalls = [{ name: 'calculator', arguments: text }];
    upstream.reply({ tokens: ['Let me see.'], toolCalls, delayMs: 60 });
    const { parts, failure } = await gather(ask({ tokenTimeoutMs: 800 }));
    expect(failure).toBeUndefined();
    expect(parts[1]).toMatchObject({ type: 'tool-call', arguments: text });
  });

  it('between tokens is up with a stall in the middle of a tool call', async () => {
    upstream.reply({ toolCalls: [{ name: 'calculator', arguments: '{"expression":' }], end: 'stall' });
    const { parts, failure } = await gather(ask({ tokenTimeoutMs: 300 }));
    expect(parts).toEqual([]);
    expect(AgentSocketError.isInstance(failure) && failure.message).toContain('stopped in the middle');
  });

  it('that is up when only the mark of the end is missing is no failure', async () => {
    upstream.reply({
      raw: (_, response) => {
        response.write('data: {"choices":[{"delta":{"content":"hi"},"finish_reason":"stop"}]}\n\n');
      },
    });
    const { parts, failure } = await gather(ask({ tokenTimeoutMs: 50 }));
    expect(failure).toBeUndefined();
    expect(parts.map(({ type }) => type)).toEqual(['text-delta', 'finish']);
  });
});

describe('the end of an answer without its mark', () => {
  const event = (choice: object): string => `data: ${JSON.stringify({ choices: [choice] })}\n\n`;
  const CALL = event({ delta: { tool_calls: [{ index: 0, id: 'a', function: { name: 'f', arguments: '{}' } }] } });
  const FINISH = event({ delta: {}, finish_reason: 'tool_calls' });
  const USAGE = 'data: {"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2}}\n\n';
  /** Sends the events, and then comments for ever. */
  const beating = (...events: string[]): Script => ({
    raw: async (_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (const one of events) response.write(one);
      while (!response.destroyed) {
        response.write(': heartbeat\n\n');
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
  });

  it.each([
    ['a finish reason', [CALL, FINISH], ['tool-call', 'finish']],
    ['usage', [CALL, FINISH, USAGE], ['tool-call', 'usage', 'finish']],
    [
      'a finish reason beside text',
      [event({ delta: { content: 'hi' }, finish_reason: 'stop' })],
      ['text-delta', 'finish'],
    ],
  ])('comes after %s although comments go on', async (_, events, types) => {
    upstream.reply(beating(...events));
    const { parts, failure } = await gather(ask({ tokenTimeoutMs: 300 }));
    expect(failure).toBeUndefined();
    expect(parts.map(({ type }) => type)).toEqual(types);
    await (
      await upstream.request(1)
    ).aborted;
  });

  it.each([
    ['a finish reason by itself', [CALL, FINISH]],
    ['usage', [event({ delta: { content: 'hi' }, finish_reason: 'stop' }), USAGE]],
  ])('comes long before tokenTimeoutMs after %s', async (_, events) => {
    upstream.reply(beating(...events));
    const { parts } = await gather(ask({ tokenTimeoutMs: 600_000 }));
    expect(parts.at(-1)).toMatchObject({ type: 'finish' });
  });
});

describe('an abort', () => {
  const reason = new Error('cancelled by the test');

  it('before the start sends nothing', async () => {
    expect((await gather(ask({}, HELLO, AbortSignal.abort(reason)))).failure).toBe(reason);
    expect(upstream.requests).toHaveLength(0);
  });

  it('before the headers ends the upstream request', async () => {
    upstream.reply({ raw: 'silence' });
    const abort = new AbortController();
    const result = gather(ask({}, HELLO, abort.signal));
    const request = await upstream.request(1);
    abort.abort(reason);
    expect((await result).failure).toBe(reason);
    await request.aborted;
  });

  it('between two attempts ends the waiting', async () => {
    upstream.reply(scripts.rateLimited(20));
    const abort = new AbortController();
    const result = gather(ask({}, HELLO, abort.signal));
    await (
      await upstream.request(1)
    ).closed;
    abort.abort(reason);
    expect((await result).failure).toBe(reason);
    expect(upstream.requests).toHaveLength(1);
  });

  it('in the middle of the body ends the upstream request', async () => {
    const gate = new Gate();
    upstream.reply({ tokens: ['a', 'b'], gate });
    const abort = new AbortController();
    const stream = ask({}, HELLO, abort.signal);
    gate.release();
    await stream.next();
    const turn = stream.next();
    abort.abort(reason);
    await expect(turn).rejects.toBe(reason);
    await (
      await upstream.request(1)
    ).aborted;
    expect(upstream.abortedCount).toBe(1);
    expect((await stream.next()).done).toBe(true);
  });

  it('while nobody waits is told by the next call', async () => {
    const gate = new Gate();
    upstream.reply({ tokens: ['a', 'b'], gate });
    const abort = new AbortController();
    const stream = ask({}, HELLO, abort.signal);
    gate.release();
    await stream.next();
    abort.abort(reason);
    await (
      await upstream.request(1)
    ).aborted;
    await expect(stream.next()).rejects.toBe(reason);
  });

  it('after the end changes nothing', async () => {
    const abort = new AbortController();
    const stream = ask({}, HELLO, abort.signal);
    expect((await gather(stream)).failure).toBeUndefined();
    abort.abort(reason);
    expect((await stream.next()).done).toBe(true);
  });
});

describe('return()', () => {
  it('in the middle ends the upstream request', async () => {
    const gate = new Gate();
    upstream.reply({ tokens: ['a', 'b'], gate });
    const stream = ask();
    gate.release();
    await stream.next();
    expect(await stream.return?.()).toEqual({ done: true, value: undefined });
    await (
      await upstream.request(1)
    ).aborted;
    expect((await stream.next()).done).toBe(true);
  });

  it('before the headers ends the upstream request, and whoever waits is told the end', async () => {
    upstream.reply({ raw: 'silence' });
    const stream = ask();
    const turn = stream.next();
    const request = await upstream.request(1);
    await stream.return?.();
    expect((await turn).done).toBe(true);
    await request.aborted;
  });

  it('before the start sends nothing', async () => {
    const stream = ask();
    await stream.return?.();
    expect((await stream.next()).done).toBe(true);
    expect(upstream.requests).toHaveLength(0);
  });
});

describe('a reader that does not pull', () => {
  it('stops the upstream after about 64 KiB, and loses nothing', async () => {
    const token = 'x'.repeat(4_000);
    const count = 6_000;
    let written = 0;
    const body = Buffer.from(`data: ${JSON.stringify({ choices: [{ delta: { content: token } }] })}\n\n`);
    let full: () => void = () => undefined;
    const blocked = new Promise<void>((resolve) => (full = resolve));
    upstream.reply({
      raw: async (_, response) => {
        for (; written < count; written++) {
          if (response.write(body)) continue;
          const drained = new Promise((resolve) => response.once('drain', resolve));
          // A socket that takes nothing for this long is blocked by the other end.
          const timer = setTimeout(full, 300);
          await drained;
          clearTimeout(timer);
        }
        response.end('data: [DONE]\n\n');
      },
    });
    const stream = ask();
    const first = await stream.next();
    await blocked;
    // What lies between is the kernel's: buffers of both sockets.
    expect(written * body.length).toBeLessThan(16 * 1024 * 1024);
    const { parts, failure } = await gather(stream);
    expect(failure).toBeUndefined();
    expect(textOf([first.value ?? []].flat()).length + textOf(parts).length).toBe(count * token.length);
    const largest = Math.max(...parts.map((part) => (part.type === 'text-delta' ? part.text.length : 0)));
    expect(largest).toBeLessThan(256 * 1024);
  });

  it('can still be aborted', async () => {
    upstream.reply({ tokens: Array.from({ length: 5_000 }, () => 'x'.repeat(4_000)) });
    const abort = new AbortController();
    const stream = ask({}, HELLO, abort.signal);
    await stream.next();
    const request = await upstream.request(1);
    // Far more than is buffered arrives in the meantime, so the socket is paused by then.
    for (let turn = 0; turn < 200; turn++) await new Promise((resolve) => setImmediate(resolve));
    abort.abort();
    await request.aborted;
    await expect(stream.next()).rejects.toBe(abort.signal.reason);
  });
});
