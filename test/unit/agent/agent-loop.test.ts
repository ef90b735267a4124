import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import {
  AgentSocketError,
  defineTool,
  type FinishReason,
  type JsonObject,
  type LlmPart,
  type LlmProvider,
  type LlmRequest,
  type Tool,
} from '../../../src/index.js';
import { MemoryConversationStore } from '../../../src/stores/memory/memory-conversation-store.js';
import { silentLogger } from '../../../src/runtime/logger.js';
import { createScriptedProvider, type Script } from '../../../src/testing/index.js';
import { createEngine, endOf, type EngineOptions, type Peer, type Wire } from '../run/harness.js';

/** What careless code rejects with. */
const nobody = undefined as unknown as Error;

function call(name: string, args: string, id = 'c1'): LlmPart {
  return { type: 'tool-call', id, name, arguments: args };
}

function toolOf(name: string, execute: Tool['execute'], extra: { timeoutMs?: number } = {}): Tool {
  return defineTool({ name, description: name, params: z.looseObject({}), execute, ...extra });
}

async function ended(peer: Peer): Promise<Wire> {
  return vi.waitFor(() => {
    const end = endOf(peer);
    if (end === undefined) throw new Error('The run is not over yet');
    return end;
  });
}

/** Asks once and waits for the end. */
async function ask(
  options: EngineOptions,
  request: Record<string, unknown> = {},
): Promise<{ peer: Peer; end: Wire; types: string[] }> {
  const peer = createEngine(options).connect();
  peer.send({ type: 'streaming_query', query: 'q', ...request });
  const end = await ended(peer);
  return { peer, end, types: peer.inRuns.map(({ type }) => type) };
}

/** What the model was told about the tool calls before its n-th call. */
function told(provider: { calls: readonly { request: LlmRequest }[] }, n: number): unknown[] {
  return (provider.calls[n]?.request.messages ?? [])
    .filter((message) => message.role === 'tool')
    .map(({ content }) => JSON.parse(content) as unknown);
}

/** The text a peer was sent. */
function textOf(peer: Peer): string {
  return peer
    .ofType('stream_chunk')
    .map(({ content }) => String(content))
    .join('');
}

function provider(stream: LlmProvider['stream']): LlmProvider {
  return { vendor: 'own', stream };
}

describe('Steps', () => {
  it('puts the system prompt first, then the question, then calls and answers', async () => {
    const scripted = createScriptedProvider(['Let me see. ', call('echo', '{"a":1}')], ['Done']);
    const echo = toolOf('echo', (params) => params);
    const { end, types } = await ask({ provider: scripted, systemPrompt: 'Be kind', tools: [echo] });
    expect(scripted.calls[0]?.request.messages).toEqual([
      { role: 'system', content: 'Be kind' },
      { role: 'user', content: 'q' },
    ]);
    expect(scripted.calls[1]?.request.messages.slice(2)).toEqual([
      {
        role: 'assistant',
        content: 'Let me see. ',
        toolCalls: [{ id: 'c1', name: 'echo', arguments: '{"a":1}' }],
        origin: { vendor: 'scripted', model: 'script-1' },
      },
      { role: 'tool', toolCallId: 'c1', toolName: 'echo', content: '{"a":1}' },
    ]);
    expect(types).toEqual([
      'stream_start',
      'stream_chunk',
      'stream_tool_call',
      'stream_tool_result',
      'stream_chunk',
      'stream_end',
    ]);
    expect(end['finish_reason']).toBe('stop');
  });

  it.each([
    'functions.echo',
    'functions:echo',
    'functions.echo:0',
    'echo:12',
    'echo<|channel|>commentary',
    'echo<|call|>',
  ])('takes %s for the tool that the model means', async (name) => {
    const scripted = createScriptedProvider([call(name, '{"a":1}')], ['Done']);
    const { peer } = await ask({ provider: scripted, tools: [toolOf('echo', (params) => params)] });
    expect(told(scripted, 1)).toEqual([{ a: 1 }]);
    expect(peer.ofType('stream_tool_call')).toMatchObject([{ tool_name: 'echo' }]);
    expect(scripted.calls[1]?.request.messages[1]).toMatchObject({ toolCalls: [{ name: 'echo' }] });
  });

  it.each(['functions.other', 'echo.functions', 'echo:', 'other:0', 'x<|echo'])(
    'takes %s for no tool',
    async (name) => {
      const scripted = createScriptedProvider([call(name, '{}')], ['Done']);
      const { peer } = await ask({ provider: scripted, tools: [toolOf('echo', (params) => params)] });
      expect(peer.ofType('stream_tool_result')).toMatchObject([{ tool_name: name, error: { code: 'unknown_tool' } }]);
    },
  );

  it('asks without a system message where there is no prompt', async () => {
    const scripted = createScriptedProvider(['x']);
    await ask({ provider: scripted, systemPrompt: '' });
    expect(scripted.calls[0]?.request.messages).toEqual([{ role: 'user', content: 'q' }]);
  });

  it.each(['streaming_query', 'agent_query'])('stops a %s that calls tools for ever after maxSteps', async (type) => {
    let executed = 0;
    const scripted = createScriptedProvider(['again ', call('count', '{}')]);
    const { end } = await ask(
      { provider: scripted, maxSteps: 3, tools: [toolOf('count', () => ++executed)] },
      { type },
    );
    expect(scripted.calls.map(({ request }) => request.tools.length)).toEqual([1, 1, 1, 0]);
    expect(executed).toBe(3);
    expect(end['finish_reason']).toBe('max_steps');
    if (type === 'agent_query') expect(end['content']).toBe('again ');
  });

  it('asks once more without tools where the steps are used up, so that there is an answer', async () => {
    const step = (request: LlmRequest): Script =>
      request.tools.length > 0 ? [call('t', '{}')] : [{ type: 'reasoning-delta', text: 'Well.' }, 'So far.'];
    const scripted = createScriptedProvider(step);
    const { peer, end } = await ask({ provider: scripted, maxSteps: 2, tools: [toolOf('t', () => 1)] });
    expect(scripted.calls).toHaveLength(3);
    expect(told(scripted, 2)).toEqual([1, 1]);
    expect(textOf(peer)).toBe('So far.');
    expect(end).toMatchObject({ type: 'stream_end', finish_reason: 'max_steps' });
  });

  it('names the tools that may not be called to a server that refuses a chat with calls and without tools', async () => {
    const refusal = new AgentSocketError('provider_refused', 'No tools');
    const step = ({ tools, toolChoice }: LlmRequest): Script => {
      if (tools.length === 0) return [refusal];
      return toolChoice === 'none' ? ['So far.'] : [call('t', '{}')];
    };
    const scripted = createScriptedProvider(step);
    const { peer, end } = await ask({ provider: scripted, maxSteps: 1, tools: [toolOf('t', () => 1)] });
    expect(scripted.calls.map(({ request }) => request.toolChoice)).toEqual([undefined, undefined, 'none']);
    expect(textOf(peer)).toBe('So far.');
    expect(end).toMatchObject({ type: 'stream_end', finish_reason: 'max_steps' });
  });

  it.each([
    new AgentSocketError('provider_rate_limited', 'Later'),
    new AgentSocketError('provider_error', 'Down', { retryable: true }),
  ])('fails where the last word does: $message', async (error) => {
    const step = ({ tools }: LlmRequest): Script => (tools.length === 0 ? [error] : [call('t', '{}')]);
    const scripted = createScriptedProvider(step);
    const { end } = await ask({ provider: scripted, maxSteps: 1, tools: [toolOf('t', () => 1)] });
    expect(scripted.calls).toHaveLength(2);
    expect(end).toMatchObject({ type: 'error', code: error.code });
  });

  it('executes the calls of a step at the same time', async () => {
    let running = 0;
    let most = 0;
    let release: () => void = () => undefined;
    const all = new Promise<void>((resolve) => (release = resolve));
    const tool = toolOf('wait', async (params) => {
      most = Math.max(most, ++running);
      if (running === 3) release();
      await all;
      return params;
    });
    const calls = [call('wait', '{"n":1}', 'a'), call('wait', '{"n":2}', 'b'), call('wait', '{"n":3}', 'c')];
    const scripted = createScriptedProvider(calls, ['x']);
    await ask({ provider: scripted, tools: [tool] });
    expect(most).toBe(3);
    expect(told(scripted, 1)).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
  });

  it('executes calls whose ids come again in every answer, each once and under an id of its own', async () => {
    const ids: string[] = [];
    const tool = toolOf('t', (_params, context) => void ids.push(context.toolCallId));
    const step: Script = [
      call('t', '{}', 'call_0'),
      call('t', '{}', 'call_0'),
      call('t', '{}', ''),
      call('t', '{}', ''),
    ];
    const scripted = createScriptedProvider(step, step, step, ['x']);
    const { peer } = await ask({ provider: scripted, tools: [tool] });
    expect(ids).toHaveLength(12);
    expect(new Set(ids).size).toBe(12);
    expect(peer.ofType('stream_tool_call').map(({ tool_call_id: id }) => id)).toEqual(ids);
    expect(peer.ofType('stream_tool_result').every(({ error }) => error === undefined)).toBe(true);
  });

  it('gives made up ids that no other call of the answer has', async () => {
    const ids: string[] = [];
    const tool = toolOf('t', (_params, context) => void ids.push(context.toolCallId));
    const scripted = createScriptedProvider([call('t', '{}', 'call-1-1'), call('t', '{}', '')], ['x']);
    const { peer } = await ask({ provider: scripted, tools: [tool] });
    expect(new Set(ids).size).toBe(2);
    expect(peer.ofType('stream_tool_result').map(({ error }) => error)).toEqual([undefined, undefined]);
  });

  it('gives calls ids a client can name, where those of the provider are too long', async () => {
    const scripted = createScriptedProvider([call('echo', '{"a":1}', 'x'.repeat(5_000))], ['Done']);
    const { peer } = await ask({ provider: scripted, tools: [toolOf('echo', (params) => params)] });
    expect(peer.ofType('stream_tool_call')).toMatchObject([{ tool_call_id: 'call-1-0' }]);
  });

  it('takes 128 calls of one answer, and no more', async () => {
    let executed = 0;
    const calls = (count: number) => Array.from({ length: count }, (_, i) => call('count', '{}', `c${i}`));
    const count = toolOf('count', () => ++executed);
    const fits = await ask({ provider: createScriptedProvider(calls(128), ['Done']), tools: [count] });
    expect([fits.end.type, executed]).toEqual(['stream_end', 128]);
    const { end } = await ask({ provider: createScriptedProvider(calls(129), ['Done']), tools: [count] });
    expect(end).toMatchObject({ type: 'error', code: 'provider_error' });
    expect(executed).toBe(128);
  });

  it('takes parts that come together, joined but in order', async () => {
    const scripted = createScriptedProvider([
      [
        { type: 'reasoning-delta', text: 'h' },
        { type: 'reasoning-delta', text: 'm' },
        { type: 'text-delta', text: 'a' },
        { type: 'text-delta', text: 'b' },
        { type: 'usage', inputTokens: 3, outputTokens: 4 },
        { type: 'text-delta', text: 'c' },
        { type: 'finish', reason: 'length' },
      ],
      [],
    ]);
    const { peer, end } = await ask({ provider: scripted });
    expect(peer.ofType('stream_reasoning').map(({ content }) => content)).toEqual(['hm']);
    expect(
      peer
        .ofType('stream_chunk')
        .map(({ content }) => content)
        .join(''),
    ).toBe('abc');
    expect(end).toMatchObject({ finish_reason: 'length', usage: { input_tokens: 3, output_tokens: 4 } });
  });

  it('answers an agent_query with the last text that is not empty, without chunks', async () => {
    const scripted = createScriptedProvider(['The answer', call('t', '{}')], ['']);
    const { end, types } = await ask({ provider: scripted, tools: [toolOf('t', () => 1)] }, { type: 'agent_query' });
    expect(types).toEqual(['status', 'stream_tool_call', 'stream_tool_result', 'agent_response']);
    expect(end).toMatchObject({ content: 'The answer', vendor: 'scripted', model: 'script-1' });
  });
});

describe('Usage', () => {
  const usage = (inputTokens: number, outputTokens: number): LlmPart => ({ type: 'usage', inputTokens, outputTokens });

  it('says what was cached and thought, where a step tells it', async () => {
    const details: LlmPart = {
      type: 'usage',
      inputTokens: 1,
      outputTokens: 1,
      cachedInputTokens: 4,
      reasoningTokens: 2,
    };
    const scripted = createScriptedProvider(
      [call('t', '{}'), details],
      [call('t', '{}', 'c2'), usage(1, 1)],
      ['x', { ...details, reasoningTokens: undefined }],
    );
    const { end } = await ask({ provider: scripted, tools: [toolOf('t', () => 1)] });
    expect(end['usage']).toEqual({ input_tokens: 3, output_tokens: 3, cached_input_tokens: 8, reasoning_tokens: 2 });
  });

  it('is the sum of the steps', async () => {
    const scripted = createScriptedProvider([call('t', '{}'), usage(10, 1)], ['x', usage(20, 2), usage(21, 3)]);
    const { end } = await ask({ provider: scripted, tools: [toolOf('t', () => 1)] });
    expect(end['usage']).toEqual({ input_tokens: 31, output_tokens: 4 });
  });

  it('is absent where a whole answer does not tell it', async () => {
    const { end } = await ask({ provider: createScriptedProvider(['x']) });
    expect('usage' in end).toBe(false);
  });

  it('is marked as estimated where one step was', async () => {
    const estimated: LlmPart = { type: 'usage', inputTokens: 1, outputTokens: 1, estimated: true };
    const scripted = createScriptedProvider([call('t', '{}'), estimated], ['x', usage(2, 2)]);
    const { end } = await ask({ provider: scripted, tools: [toolOf('t', () => 1)] });
    expect(end['usage']).toEqual({ input_tokens: 3, output_tokens: 3, estimated: true });
  });

  it('is estimated where the provider fails before it tells', async () => {
    const scripted = createScriptedProvider(['12345678', new Error('cut')]);
    const { end } = await ask({ provider: scripted });
    expect(end).toMatchObject({ type: 'error', usage: { input_tokens: 1, output_tokens: 2, estimated: true } });
  });

  it('is made of whole numbers whatever the provider says', async () => {
    const odd = { type: 'usage', inputTokens: Number.NaN, outputTokens: 2.4 } as LlmPart;
    const huge = { type: 'usage', inputTokens: 7n as unknown as number, outputTokens: -5 } as LlmPart;
    const scripted = createScriptedProvider([call('t', '{}'), odd], ['x', huge]);
    const { end } = await ask({ provider: scripted, tools: [toolOf('t', () => 1)] });
    expect(end).toMatchObject({ type: 'stream_end', usage: { input_tokens: 7, output_tokens: 2 } });
  });
});

describe('Tool calls of the model', () => {
  it.each([
    ['all params', JSON.stringify('{"n":1,"list":[{"on":true}],"text":"5"}')],
    ['a list', '{"n":1,"list":"[{\\"on\\":true}]","text":"5"}'],
    ['single values, also inside of such a list', '{"n":"1","list":"[{\\"on\\":\\"true\\"}]","text":"5"}'],
  ])('take %s in quotes as they were meant, and no text as anything else', async (_what, text) => {
    const params = z.object({ n: z.int().nullable(), list: z.array(z.object({ on: z.boolean() })), text: z.string() });
    const got: unknown[] = [];
    const tool = defineTool({ name: 't', description: '', params, execute: (given) => got.push(given) });
    const scripted = createScriptedProvider([call('t', text)], ['Done']);
    await ask({ provider: scripted, tools: [tool] });
    expect(got).toEqual([{ n: 1, list: [{ on: true }], text: '5' }]);
    const made = scripted.calls[1]?.request.messages.find(({ role }) => role === 'assistant');
    expect(made).toMatchObject({ toolCalls: [{ arguments: expect.stringMatching(/^\{"n":/) as string }] });
  });

  it('may say null for what they leave out, but not for what they must say', async () => {
    const params = z.object({
      a: z.string(),
      b: z.number().optional(),
      c: z.string().default('c'),
      d: z.object({ e: z.boolean().optional(), f: z.string().nullable().optional() }).optional(),
      g: z.string().nullable(),
    });
    const got: unknown[] = [];
    const tool = defineTool({ name: 't', description: '', params, execute: (given) => got.push(given) });
    const without = '{"a":"x","b":null,"c":null,"d":{"e":null,"f":null},"g":null}';
    const scripted = createScriptedProvider([call('t', without)], [call('t', '{"a":null,"g":null}')], ['Done']);
    const { peer } = await ask({ provider: scripted, tools: [tool] });
    expect(got).toEqual([{ a: 'x', c: 'c', d: { f: null }, g: null }]);
    const [, refused] = peer.ofType('stream_tool_result');
    expect(refused).toMatchObject({ error: { code: 'invalid_params' } });
  });

  it('leave a wrong param as the model wrote it, and validate it once', async () => {
    const seen: unknown[] = [];
    const params = z.object({ n: z.preprocess((value) => (seen.push(value), value), z.number()) });
    const tool = defineTool({ name: 't', description: '', params, execute: () => 1 });
    const { peer } = await ask({
      provider: createScriptedProvider([call('t', '{"n":"one"}')], ['Sorry']),
      tools: [tool],
    });
    expect(peer.ofType('stream_tool_result')).toMatchObject([{ error: { code: 'invalid_params' } }]);
    expect(seen).toEqual(['one']);
  });

  const cyclic: Record<string, unknown> = {};
  cyclic['self'] = cyclic;
  const deep = '['.repeat(32_768) + ']'.repeat(32_768);

  it.each<[string, LlmPart, string]>([
    ['broken JSON', call('t', '{"a":'), 'invalid_params'],
    ['JSON nested too deep', call('t', deep), 'invalid_params'],
    ['params the schema refuses', call('strict', '{"n":"x"}'), 'invalid_params'],
    ['params that are no object', call('strict', '5'), 'invalid_params'],
    ['an unknown tool', call('nothing', '{}'), 'unknown_tool'],
    ['a tool named like a property', call('__proto__', '{}'), 'unknown_tool'],
    ['a tool named like a method', call('toString', '{}'), 'unknown_tool'],
    ['a tool that throws', call('throws', '{}'), 'tool_failed'],
    ['a tool that rejects', call('rejects', '{}'), 'tool_failed'],
    ['a tool that throws undefined', call('nothingThrown', '{}'), 'tool_failed'],
    ['a circle', call('circle', '{}'), 'tool_failed'],
    ['a BigInt', call('bigint', '{}'), 'tool_failed'],
    ['a toJSON that throws', call('tojson', '{}'), 'tool_failed'],
    ['a result nested too deep', call('deep', '{}'), 'tool_failed'],
    ['a tool that takes too long', call('slow', '{}'), 'tool_timeout'],
    ['too large a result', call('large', '{}'), 'output_too_large'],
    ['a schema that throws', call('badschema', '{}'), 'tool_failed'],
  ])('tell the model about %s and go on', async (_what, part, code) => {
    const scripted = createScriptedProvider([part], ['Sorry']);
    const tools = [
      toolOf('t', () => 1),
      defineTool({ name: 'strict', description: '', params: z.object({ n: z.number() }), execute: () => 1 }),
      toolOf('throws', () => {
        throw new Error('secret');
      }),
      toolOf('rejects', () => Promise.reject(new Error('secret'))),
      toolOf('nothingThrown', () => Promise.reject(nobody)),
      toolOf('circle', () => cyclic),
      toolOf('bigint', () => ({ n: 1n })),
      toolOf('tojson', () => ({
        toJSON: () => {
          throw new Error('secret');
        },
      })),
      toolOf('deep', () => JSON.parse('['.repeat(600) + ']'.repeat(600)) as unknown),
      toolOf('slow', () => new Promise(() => undefined), { timeoutMs: 20 }),
      toolOf('large', () => '漢'.repeat(700)),
      defineTool({
        name: 'badschema',
        description: '',
        parameters: {},
        params: {
          '~standard': {
            version: 1,
            vendor: 'own',
            validate: () => {
              throw new Error('secret');
            },
          },
        },
        execute: () => 1,
      }),
    ];
    const { peer, end } = await ask({ provider: scripted, tools, maxToolResultBytes: 2_000 });
    expect(end).toMatchObject({ type: 'stream_end', finish_reason: 'stop' });
    expect(peer.ofType('stream_tool_result')).toMatchObject([{ error: { code } }]);
    const [result] = peer.ofType('stream_tool_result');
    expect(told(scripted, 1)).toMatchObject([{ error: (result?.['error'] as Wire | undefined)?.['error'] }]);
    expect(JSON.stringify([peer.frames, scripted.calls])).not.toContain('secret');
    expect(peer.inRuns.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5]);
  });

  it.each(['{"a":', '5', '[1]', '"x"'])('quote the arguments %s, which do not go back as they are', async (text) => {
    const strict = defineTool({ name: 't', description: '', params: z.object({ a: z.number() }), execute: () => 1 });
    const scripted = createScriptedProvider([call('t', text)], ['Sorry']);
    await ask({ provider: scripted, tools: [strict] });
    expect(told(scripted, 1)).toMatchObject([{ arguments: text }]);
    const [, made] = scripted.calls[1]?.request.messages ?? [];
    expect(made).toMatchObject({ toolCalls: [{ arguments: '{}' }] });
  });

  it.each(['', '  ', 'null', ' null\n'])('take the arguments %j as none', async (text) => {
    const seen: unknown[] = [];
    const scripted = createScriptedProvider([call('t', text)], ['x']);
    await ask({ provider: scripted, tools: [toolOf('t', (params) => void seen.push(params))] });
    expect(seen).toEqual([{}]);
  });

  it('tell the message of an AgentSocketError, thrown or rejected', async () => {
    const refuse = toolOf('refuse', () => {
      throw new AgentSocketError('forbidden', 'Not on Sundays', { cause: new Error('secret') });
    });
    const scripted = createScriptedProvider([call('refuse', '{}')], ['Sorry']);
    const { peer } = await ask({ provider: scripted, tools: [refuse] });
    expect(peer.ofType('stream_tool_result')).toMatchObject([
      { error: { code: 'forbidden', error: 'Not on Sundays' } },
    ]);
    expect(told(scripted, 1)).toEqual([{ error: 'Not on Sundays' }]);
    expect(JSON.stringify(peer.frames)).not.toContain('secret');
  });

  it.each<[string, unknown, unknown]>([
    ['nothing', undefined, null],
    ['a function', () => 1, null],
    ['NaN', Number.NaN, null],
    ['a date', new Date(0), '1970-01-01T00:00:00.000Z'],
    ['undefined fields', { a: undefined, b: 1 }, { b: 1 }],
    ['zero', 0, 0],
    ['false', false, false],
    ['an empty text', '', ''],
    ['lone surrogates', '\ud800', '\ud800'],
  ])('take %s as JSON has it', async (_what, result, expected) => {
    const scripted = createScriptedProvider([call('t', '')], ['x']);
    const { peer } = await ask({ provider: scripted, tools: [toolOf('t', () => result)] });
    expect(peer.ofType('stream_tool_call')).toMatchObject([{ params: {} }]);
    expect(peer.ofType('stream_tool_result')[0]?.['result']).toEqual(expected);
    expect(told(scripted, 1)).toEqual([expected]);
  });

  it('keep the result as it was when the tool returned it', async () => {
    const kept = { n: 1 };
    const scripted = createScriptedProvider([call('t', '{}')], [call('u', '{}', 'c2')], ['x']);
    const tools = [toolOf('t', () => kept), toolOf('u', () => (kept.n = 2))];
    await ask({ provider: scripted, tools });
    expect(told(scripted, 2)).toEqual([{ n: 1 }, 2]);
  });

  it('abort the signal of a tool that takes too long', async () => {
    let reason: unknown;
    const tool = toolOf(
      'slow',
      (_params, { signal }) =>
        new Promise(() => {
          signal.addEventListener('abort', () => void (reason = signal.reason));
        }),
      { timeoutMs: 20 },
    );
    await ask({ provider: createScriptedProvider([call('slow', '{}')], ['x']), tools: [tool] });
    await vi.waitFor(() => expect(reason).toMatchObject({ code: 'tool_timeout' }));
  });

  it('never reach a tool the query did not choose', async () => {
    let executed = 0;
    const scripted = createScriptedProvider([call('other', '{}')], ['x']);
    const tools = [toolOf('one', () => 1), toolOf('other', () => ++executed)];
    const { peer } = await ask({ provider: scripted, tools, clientMayChoose: { tools: true } }, { tools: ['one'] });
    expect(scripted.calls[0]?.request.tools.map(({ name }) => name)).toEqual(['one']);
    expect(peer.ofType('stream_tool_result')).toMatchObject([{ error: { code: 'unknown_tool' } }]);
    expect(executed).toBe(0);
  });
});

describe('An answer that was cut off', () => {
  const cut = (reason: FinishReason, ...calls: LlmPart[]): Script => [...calls, { type: 'finish', reason }];

  it.each(['', '{}', '{"a":1}', '{"cust'])(
    'by the output limit has no call executed, and is asked for again: %j',
    async (text) => {
      let executed = 0;
      const tools = [toolOf('t', () => ++executed)];
      const scripted = createScriptedProvider(cut('length', call('t', text), call('t', '{}', 'c2')), ['I see']);
      const { peer, end } = await ask({ provider: scripted, tools });
      expect(executed).toBe(0);
      expect(peer.ofType('stream_tool_result')).toMatchObject([
        {
          tool_call_id: 'c1',
          error: { code: 'invalid_params', error: expect.stringContaining('output limit') as string },
        },
        { tool_call_id: 'c2', error: { code: 'invalid_params' } },
      ]);
      expect(told(scripted, 1)).toMatchObject([{ error: expect.stringContaining('cut off') as string }, {}]);
      expect(textOf(peer)).toBe('I see');
      expect(end).toMatchObject({ type: 'stream_end', finish_reason: 'stop' });
    },
  );

  it('twice in a row ends the run with its reason', async () => {
    const scripted = createScriptedProvider(cut('length', call('t', '{"a')));
    const { peer, end } = await ask({ provider: scripted, tools: [toolOf('t', () => 1)] });
    expect(scripted.calls).toHaveLength(2);
    expect(peer.ofType('stream_tool_result')).toHaveLength(2);
    expect(end).toMatchObject({ type: 'stream_end', finish_reason: 'length' });
  });

  it('now and then is asked for again each time', async () => {
    const long = cut('length', call('t', '{"a'));
    const scripted = createScriptedProvider(long, [call('t', '{}')], long, ['x']);
    const { end } = await ask({ provider: scripted, tools: [toolOf('t', () => 1)] });
    expect(scripted.calls).toHaveLength(4);
    expect(end).toMatchObject({ finish_reason: 'stop' });
  });

  it.each<FinishReason>(['content_filter', 'error', 'cancelled'])('by %s ends the run', async (reason) => {
    let executed = 0;
    const scripted = createScriptedProvider(cut(reason, call('t', '{}')), ['x']);
    const { peer, end } = await ask({ provider: scripted, tools: [toolOf('t', () => ++executed)] });
    expect([executed, scripted.calls.length]).toEqual([0, 1]);
    expect(peer.ofType('stream_tool_result')).toMatchObject([{ error: { code: 'invalid_params' } }]);
    expect(end).toMatchObject({ type: 'stream_end', finish_reason: reason });
  });

  it.each<FinishReason>(['stop', 'tool_calls', 'other'])('is not one that ends with %s', async (reason) => {
    let executed = 0;
    const scripted = createScriptedProvider(cut(reason, call('t', '{}')), ['x']);
    await ask({ provider: scripted, tools: [toolOf('t', () => ++executed)] });
    expect(executed).toBe(1);
  });
});

describe('What tools report', () => {
  const reporter = () =>
    toolOf('t', (_params, { report }) => {
      report({ progress: 1 });
      report([1, 2]);
      return 'done';
    });

  it('is part of the answer, between the call and its result, and not what the model sees', async () => {
    const scripted = createScriptedProvider([call('t', '{}')], ['x']);
    const { peer, types } = await ask({ provider: scripted, tools: [reporter()] });
    expect(types.slice(1, 5)).toEqual(['stream_tool_call', 'stream_data', 'stream_data', 'stream_tool_result']);
    expect(peer.ofType('stream_data')).toMatchObject([
      { tool_call_id: 'c1', tool_name: 't', data: { progress: 1 } },
      { tool_call_id: 'c1', tool_name: 't', data: [1, 2] },
    ]);
    expect(JSON.stringify(scripted.calls[1]?.request)).not.toContain('progress');
  });

  it('is told to those who call a tool themselves', async () => {
    const peer = createEngine({ tools: [reporter()] }).connect();
    peer.send({ type: 'tool_call', tool_name: 't', params: {} });
    await ended(peer);
    expect(peer.inRuns.map(({ type }) => type)).toEqual(['stream_data', 'stream_data', 'tool_result']);
  });

  it('and why they failed stays in the conversation', async () => {
    const conversations = new MemoryConversationStore();
    const fails = toolOf('fails', () => Promise.reject(new AgentSocketError('forbidden', 'Not today')));
    const scripted = createScriptedProvider([call('t', '{}'), call('fails', '{}', 'c2')], ['x']);
    await ask({ provider: scripted, tools: [reporter(), fails], conversations }, { conversation_id: 'c' });
    const { items } = conversations.read({ owner: 'owner', id: 'c' }, { limit: 10 });
    expect(items.filter(({ role }) => role === 'tool')).toMatchObject([
      { content: '"done"', data: [{ progress: 1 }, [1, 2]] },
      { content: '{"error":"Not today"}', error: { code: 'forbidden', message: 'Not today' } },
    ]);
  });
});

describe('What a provider wants back', () => {
  const origin = { vendor: 'scripted', model: 'script-1' };
  const data = (value: unknown): LlmPart => ({ type: 'provider-data', data: value as JsonObject });
  const signed: LlmPart = { type: 'tool-call', id: 'c1', name: 't', arguments: '{}', providerData: { signature: 's' } };

  it('stands on the next request, with the reasoning and whose it is', async () => {
    const scripted = createScriptedProvider(
      [{ type: 'reasoning-delta', text: 'Hm. ' }, data({ a: 1, b: 1 }), signed, data({ b: { c: 2 } })],
      ['x'],
    );
    await ask({ provider: scripted, tools: [toolOf('t', () => 1)] });
    expect(scripted.calls[1]?.request.messages[1]).toEqual({
      role: 'assistant',
      content: '',
      reasoning: 'Hm. ',
      toolCalls: [{ id: 'c1', name: 't', arguments: '{}', providerData: { signature: 's' } }],
      origin,
      providerData: { a: 1, b: { c: 2 } },
    });
  });

  it("is not another model's: of the same conversation, after a change of models", async () => {
    const scripted = createScriptedProvider([data({ a: 1 }), signed], ['One'], ['Two'], ['Three']);
    const engine = createEngine({
      provider: scripted,
      tools: [toolOf('t', () => 1)],
      clientMayChoose: { models: ['other'] },
    });
    const peer = engine.connect();
    peer.send({ type: 'streaming_query', query: 'q', conversation_id: 'c' });
    await vi.waitFor(() => expect(peer.ofType('stream_end')).toHaveLength(1));
    peer.send({ type: 'streaming_query', query: 'r', conversation_id: 'c', model: 'other' });
    await vi.waitFor(() => expect(peer.ofType('stream_end')).toHaveLength(2));
    peer.send({ type: 'streaming_query', query: 's', conversation_id: 'c' });
    await vi.waitFor(() => expect(peer.ofType('stream_end')).toHaveLength(3));
    const has = scripted.calls.map(({ request }) => JSON.stringify(request).includes('"signature":"s"'));
    expect(has).toEqual([false, true, false, true]);
    expect(JSON.stringify(scripted.calls[2]?.request)).not.toContain('providerData');
  });

  it.each<[string, unknown]>([
    ['a list', [1]],
    ['nothing', undefined],
    ['a BigInt', { n: 1n }],
    ['more than 64 KiB', { text: '漢'.repeat(22_000) }],
  ])('is dropped and told in the log where it is %s', async (_what, value) => {
    const warn = vi.fn();
    const logger = { ...silentLogger, warn };
    const scripted = createScriptedProvider([data(value), { ...signed, providerData: value as JsonObject }], ['x']);
    const { end } = await ask({ provider: scripted, tools: [toolOf('t', () => 1)], logger });
    expect(end).toMatchObject({ type: 'stream_end' });
    expect(JSON.stringify(scripted.calls[1]?.request)).not.toContain('providerData');
    expect(warn).toHaveBeenCalledTimes(value === undefined ? 1 : 2);
    // Cut for the log where the operator wants that, and not here.
    expect(warn).toHaveBeenLastCalledWith(expect.objectContaining({ runId: end['run_id'] }), expect.any(String));
  });

  it('counts against the bounds of the run, as reasoning does that nobody is shown', async () => {
    const endless = (part: LlmPart) =>
      provider(async function* () {
        for (;;) {
          await Promise.resolve();
          yield part;
        }
      });
    for (const part of [
      data({ text: 'x'.repeat(1_000) }),
      { type: 'reasoning-delta', text: 'x'.repeat(1_000) } as const,
    ]) {
      const { end } = await ask({ provider: endless(part), maxRunBytes: 100_000 }, { type: 'agent_query' });
      expect(end).toMatchObject({ type: 'error', code: 'output_too_large' });
    }
  });
});

describe('defineTool', () => {
  it.each([Infinity, Number.NaN, 0, -1, 2 ** 31])('refuses a timeout of %s', (timeoutMs) => {
    expect(() => toolOf('t', () => 1, { timeoutMs })).toThrow(/timeoutMs/);
  });

  it.each(['', 'a b', 'ä', 'x'.repeat(65), '../x'])('refuses the name %j', (name) => {
    expect(() => toolOf(name, () => 1)).toThrow(/name/);
  });
});

describe('Choices of a query', () => {
  it.each<[string, Record<string, unknown>]>([
    ['model', { model: 'gpt' }],
    ['temperature', { temperature: 0 }],
    ['tools', { tools: [] }],
  ])('are refused by default: %s', async (_what, choice) => {
    const scripted = createScriptedProvider(['x']);
    const peer = createEngine({ provider: scripted }).connect();
    peer.send({ type: 'streaming_query', query: 'q', ...choice, request_id: 'r' });
    await vi.waitFor(() => expect(peer.ofType('error')).toHaveLength(1));
    expect(peer.ofType('error')[0]).toMatchObject({ code: 'forbidden', request_id: 'r' });
    expect(peer.inRuns).toEqual([]);
    expect(scripted.calls).toEqual([]);
  });

  it('reach the provider where they are allowed, and the answer names the model', async () => {
    const scripted = createScriptedProvider(['x']);
    const tools = [toolOf('a', () => 1), toolOf('b', () => 1)];
    const { peer } = await ask(
      { provider: scripted, tools, clientMayChoose: { models: ['m2'], temperature: true, tools: true } },
      { model: 'm2', temperature: 0, tools: ['b'] },
    );
    expect(scripted.calls[0]?.request).toMatchObject({ model: 'm2', temperature: 0 });
    expect(scripted.calls[0]?.request.tools.map(({ name }) => name)).toEqual(['b']);
    expect(peer.ofType('stream_start')[0]).toMatchObject({ model: 'm2' });
  });

  it.each<[Record<string, unknown>, string]>([
    [{ model: 'm3' }, 'forbidden'],
    [{ tools: ['nothing'] }, 'unknown_tool'],
  ])('are refused outside what is allowed: %j', async (choice, code) => {
    const peer = createEngine({ clientMayChoose: { models: ['m2'], tools: true } }).connect();
    peer.send({ type: 'agent_query', query: 'q', ...choice });
    await vi.waitFor(() => expect(peer.ofType('error')).toMatchObject([{ code }]));
  });
});

describe('A provider', () => {
  async function* nothing(): AsyncGenerator<LlmPart> {
    // Ends at once.
  }

  const stuck = {
    next: () => Promise.resolve({ value: null as unknown as LlmPart, done: false }),
    return: () => new Promise<never>(() => undefined),
  };

  it.each<[string, LlmProvider['stream']]>([
    [
      'throws at once',
      () => {
        throw new Error('secret');
      },
    ],
    ['gives no stream', () => undefined as unknown as AsyncIterable<LlmPart>],
    ['yields null', () => [null] as unknown as AsyncIterable<LlmPart>],
    ['yields a text that is none', () => [{ type: 'text-delta' }] as unknown as AsyncIterable<LlmPart>],
    ['yields null and never lets go', () => ({ [Symbol.asyncIterator]: () => stuck })],
    ['rejects with nothing', () => ({ [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(nobody) }) })],
  ])('that %s ends the run with provider_error and without its text', async (_how, stream) => {
    const { peer, end } = await ask({ provider: provider(stream) });
    expect(end).toMatchObject({ type: 'error', code: 'provider_error', finish_reason: 'error', retryable: true });
    expect(JSON.stringify(peer.frames)).not.toContain('secret');
  });

  it('that yields nothing ends the run in peace', async () => {
    const { end, types } = await ask({ provider: provider(nothing) });
    expect(types).toEqual(['stream_start', 'stream_end']);
    expect(end['finish_reason']).toBe('stop');
    const whole = await ask({ provider: provider(nothing) }, { type: 'agent_query' });
    expect(whole.end).toMatchObject({ type: 'agent_response', content: '', vendor: 'own' });
  });

  it('that gives parts of an unknown type goes on, and the log says so once', async () => {
    const parts = [
      { type: 'audio-delta', bytes: 'x' },
      { type: 'text-delta', text: 'a' },
      [{ type: 'text', text: 'b' }],
      [],
    ];
    const warn = vi.fn();
    const logger = { ...silentLogger, warn, isLevelEnabled: () => true };
    const own = provider(() => parts as unknown as AsyncIterable<LlmPart>);
    for (let i = 0; i < 2; i++) {
      const { peer } = await ask({ provider: own, logger });
      expect(peer.ofType('stream_chunk').map(({ content }) => content)).toEqual(['a']);
    }
    expect(warn).toHaveBeenCalledOnce();
    expect(warn).toHaveBeenCalledWith(
      expect.objectContaining({ vendor: 'own', type: 'audio-delta' }),
      'The provider gives parts of an unknown type, which are left out',
    );
  });

  it.each<[string, unknown, string]>([
    ['a text', ['secret'], 'gave a string in place of a part'],
    ['a promise', [Promise.resolve({ type: 'text-delta', text: 'secret' })], 'gave a promise in place of a part'],
    ['a batch in a batch', [[[{ type: 'text-delta', text: 'secret' }]]], 'gave an array in place of a part'],
    ['an object without a type', [{ text: 'secret' }], 'gave an object without a type in place of a part'],
    ['nothing', [undefined], 'gave undefined in place of a part'],
    [
      'a number as text',
      [{ type: 'text-delta', text: 42 }],
      'gave a "text-delta" whose "text" is a number and no string',
    ],
    ['a text of another name', [{ type: 'text-delta', delta: 'secret' }], 'whose "text" is undefined and no string'],
    ['a number as the id of a call', [{ ...call('t', '{}'), id: 7 }], 'gave a "tool-call" whose "id" is a number'],
    ['arguments that are no text', [{ ...call('t', ''), arguments: { a: 1 } }], 'whose "arguments" is an object'],
    [
      'the promise of a stream',
      Promise.resolve([]),
      'The "stream" of the provider gave a promise in place of an async',
    ],
    ['no stream', undefined, 'The "stream" of the provider gave undefined in place of an async iterable'],
  ])('that gives %s fails, and the log says what it gave', async (_what, given, said) => {
    const error = vi.fn();
    const logger = { ...silentLogger, error, isLevelEnabled: () => true };
    const tools = [toolOf('t', () => 1)];
    const { end } = await ask({ provider: provider(() => given as AsyncIterable<LlmPart>), logger, tools });
    expect(end).toMatchObject({ type: 'error', code: 'provider_error' });
    expect(error).toHaveBeenCalledOnce();
    const [{ err }] = error.mock.calls[0] as [{ err: Error }];
    expect(err.message).toContain(said);
    expect(err.message).not.toContain('secret');
  });

  it.each(['end_turn', { unified: 'stop' }])(
    'that ends for a reason of its own, %j, ended for another',
    async (reason) => {
      const parts = [
        { type: 'text-delta', text: 'a' },
        { type: 'finish', reason },
      ];
      const { end } = await ask({ provider: provider(() => parts as unknown as AsyncIterable<LlmPart>) });
      expect(end).toMatchObject({ type: 'stream_end', finish_reason: 'other' });
    },
  );

  it('that throws an AgentSocketError is quoted', async () => {
    const error = new AgentSocketError('provider_rate_limited', 'Slow down', {
      retryAfterMs: 1_500,
      cause: new Error('secret'),
    });
    const { peer, end } = await ask({ provider: createScriptedProvider(['a', error]) });
    expect(end).toMatchObject({
      type: 'error',
      error: 'Slow down',
      code: 'provider_rate_limited',
      retryable: true,
      retry_after_ms: 1_500,
    });
    expect(JSON.stringify(peer.frames)).not.toContain('secret');
    expect(peer.ofType('stream_chunk')).toHaveLength(1);
  });

  it('is returned to when the run stops, so that it can let go', async () => {
    let returned = false;
    const stream = async function* (
      _request: LlmRequest,
      { signal }: { signal: AbortSignal },
    ): AsyncGenerator<LlmPart> {
      try {
        yield { type: 'text-delta', text: 'a' };
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        yield { type: 'text-delta', text: 'never shown' };
      } finally {
        returned = true;
      }
    };
    const peer = createEngine({ provider: provider(stream) }).connect();
    peer.send({ type: 'streaming_query', query: 'q' });
    await vi.waitFor(() => expect(peer.ofType('stream_chunk')).toHaveLength(1));
    peer.send({ type: 'cancel' });
    await ended(peer);
    expect(returned).toBe(true);
    expect(JSON.stringify(peer.frames)).not.toContain('never shown');
  });

  it.each<[string, LlmPart | LlmPart[]]>([
    ['empty text', { type: 'text-delta', text: '' }],
    ['usage', { type: 'usage', inputTokens: 1, outputTokens: 1 }],
    ['empty batches', []],
  ])('that has more %s at hand than it ever waits for lets others have a turn', async (_what, element) => {
    let given = 0;
    let hadTurn = false;
    const stream = async function* (): AsyncGenerator<LlmPart | LlmPart[]> {
      setImmediate(() => (hadTurn = true));
      for (; given < 100_000 && !hadTurn; given++) {
        await Promise.resolve();
        yield element;
      }
    };
    const { end } = await ask({ provider: provider(stream) });
    expect(end['type']).toBe('stream_end');
    expect(given).toBeLessThan(100_000);
  });

  it('that never stops talking cannot fill the memory of an agent_query', async () => {
    const text = 'x'.repeat(1_000);
    const stream = async function* (): AsyncGenerator<LlmPart> {
      for (;;) {
        await Promise.resolve();
        yield { type: 'text-delta', text };
      }
    };
    const { end } = await ask({ provider: provider(stream), maxRunBytes: 100_000 }, { type: 'agent_query' });
    expect(end).toMatchObject({ type: 'error', code: 'output_too_large' });
  });

  it('that never stops calling tools cannot fill the memory', async () => {
    const stream = async function* (): AsyncGenerator<LlmPart> {
      for (let i = 0; ; i++) {
        await Promise.resolve();
        yield call('t', 'x'.repeat(1_000), `c${i}`);
      }
    };
    const { end } = await ask({ provider: provider(stream), maxRunBytes: 100_000 });
    expect(end).toMatchObject({ type: 'error', code: 'output_too_large' });
  });

  it('that streams without an end is stopped at maxRunBytes, and what was shown is kept', async () => {
    const { peer, end } = await ask({
      provider: provider(async function* () {
        for (;;) {
          await Promise.resolve();
          yield { type: 'text-delta', text: 'x'.repeat(1_000) };
        }
      }),
      maxRunBytes: 100_000,
    });
    expect(end).toMatchObject({ type: 'error', code: 'output_too_large', usage: { estimated: true } });
    const shown = peer.ofType('stream_chunk').reduce((sum, { content }) => sum + String(content).length, 0);
    expect(shown).toBeGreaterThan(80_000);
    expect(shown).toBeLessThan(110_000);
  });
});
