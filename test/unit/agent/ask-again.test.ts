import { randomUUID } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { AgentSocketError, defineTool, type LlmPart, type LlmRequest } from '../../../src/index.js';
import { ToolsRefused } from '../../../src/agent/tools-refused.js';
import { createScriptedProvider, type Script } from '../../../src/testing/index.js';
import { createEngine, endOf, type Engine, type EngineOptions, type Peer, type Wire } from '../run/harness.js';

const echo = defineTool({
  name: 'echo',
  description: 'Echoes',
  params: z.looseObject({}),
  execute: (params) => params,
});
const call: LlmPart = { type: 'tool-call', id: 'c1', name: 'echo', arguments: '{"a":1}' };

interface Talk {
  readonly engine: Engine;
  readonly peer: Peer;
  readonly ask: (query: string, over?: object) => Promise<Wire>;
}

/** A conversation whose questions are asked one after the other. */
function talk(options: EngineOptions): Talk {
  const engine = createEngine(options);
  const peer = engine.connect();
  return {
    engine,
    peer,
    async ask(query, over = {}) {
      const runId = randomUUID();
      peer.send({ type: 'streaming_query', query, run_id: runId, conversation_id: 'c', ...over });
      return vi.waitFor(() => {
        const end = endOf(peer, runId);
        if (end === undefined) throw new Error('The run is not over yet');
        return end;
      });
    },
  };
}

const said = ({ messages }: LlmRequest): string[] => messages.map(({ role, content }) => `${role}: ${content}`);

describe('A chat that is too long for its model', () => {
  const tooLong = new AgentSocketError('context_too_long', 'Too long');
  /** Takes so many messages, and tells how many it got. */
  const small = (most: number) =>
    createScriptedProvider(({ messages }) => (messages.length > most ? [tooLong] : ['ok']));

  it('is told from its newest part on, so that the conversation goes on', async () => {
    const provider = small(4);
    const lines: object[] = [];
    const ignore = (): void => undefined;
    const logger = { debug: ignore, info: ignore, error: ignore, warn: (fields: object) => lines.push(fields) };
    const { ask } = talk({ provider, systemPrompt: 'Be kind', logger });
    for (const query of ['one', 'two', 'three', 'four', 'five'])
      expect(await ask(query)).toMatchObject({ type: 'stream_end' });
    const last = provider.calls.at(-1)?.request;
    expect(said(last as LlmRequest)).toEqual(['system: Be kind', 'user: four', 'assistant: ok', 'user: five']);
    expect(lines[0]).toMatchObject({ maxTokens: expect.any(Number) as number });
  });

  it('keeps what its tools did since the question', async () => {
    const provider = createScriptedProvider(['first'], [call], ({ messages }) =>
      messages.length > 3 ? [tooLong] : ['done'],
    );
    const { ask } = talk({ provider, tools: [echo] });
    await ask('one');
    expect(await ask('two')).toMatchObject({ type: 'stream_end' });
    expect(provider.calls.at(-1)?.request.messages).toMatchObject([
      { role: 'user', content: 'two' },
      { role: 'assistant', toolCalls: [{ name: 'echo' }] },
      { role: 'tool', content: '{"a":1}' },
    ]);
  });

  it('is told to the person where the question alone is', async () => {
    const provider = small(0);
    const { ask } = talk({ provider, systemPrompt: 'Be kind' });
    expect(await ask('one')).toMatchObject({ code: 'context_too_long' });
    expect(provider.calls).toHaveLength(1);
  });

  it('is not asked again once there is text', async () => {
    const provider = createScriptedProvider(['ok'], ['So ', tooLong]);
    const { ask } = talk({ provider });
    await ask('one');
    expect(await ask('two')).toMatchObject({ code: 'context_too_long' });
    expect(provider.calls).toHaveLength(2);
  });
});

describe('A chat with calls whose tools are gone', () => {
  const refusal = new AgentSocketError('provider_refused', 'No tools');

  it('is told in words to a server that takes no calls without tools', async () => {
    const step = ({ tools, messages }: LlmRequest): Script => {
      if (tools.length > 0) return messages.length === 1 ? ['Look: ', call] : ['1'];
      return messages.some(({ role }) => role === 'tool') ? [refusal] : ['Yes'];
    };
    const provider = createScriptedProvider(step);
    const { ask, peer } = talk({ provider, tools: [echo], clientMayChoose: { tools: true } });
    await ask('one');
    expect(await ask('two', { tools: [] })).toMatchObject({ type: 'stream_end' });
    expect(said(provider.calls.at(-1)?.request as LlmRequest)).toEqual([
      'user: one',
      'assistant: Look: \n\n(Called the tool echo with {"a":1})\n\n(The tool echo returned: {"a":1})\n\n1',
      'user: two',
    ]);
    expect(peer.ofType('stream_chunk').at(-1)).toMatchObject({ content: 'Yes' });
  });

  it('is refused where that is no help', async () => {
    const provider = createScriptedProvider([call], ['1'], [refusal]);
    const { ask } = talk({ provider, tools: [echo], clientMayChoose: { tools: true } });
    await ask('one');
    expect(await ask('two', { tools: [] })).toMatchObject({ code: 'provider_refused' });
    expect(provider.calls).toHaveLength(4);
  });
});

describe('A chat with calls of another model', () => {
  const refusal = new AgentSocketError('provider_refused', 'No signature');
  const first: Script = [call];
  /** Refuses the call of the other model. */
  const strict = ({ messages }: LlmRequest): Script => {
    const calls = messages.filter((message) => message.role === 'assistant' && message.toolCalls !== undefined);
    if (calls.some((message) => message.role === 'assistant' && message.origin?.model !== 'strict')) return [refusal];
    return messages.at(-1)?.content === 'three' ? [call] : ['fine'];
  };
  const choice = { tools: [echo], clientMayChoose: { models: ['strict', 'old'] } };

  it('is told in words to a model that refuses them, with its tools and its own calls', async () => {
    const provider = createScriptedProvider(first, ['1'], strict);
    const { ask } = talk({ provider, ...choice });
    await ask('one', { model: 'old' });
    expect(await ask('two', { model: 'strict' })).toMatchObject({ type: 'stream_end' });
    const words = 'assistant: (Called the tool echo with {"a":1})\n\n(The tool echo returned: {"a":1})\n\n1';
    const request = provider.calls.at(-1)?.request;
    expect(request?.tools).toHaveLength(1);
    expect(said(request as LlmRequest)).toEqual(['user: one', words, 'user: two']);
    await ask('three', { model: 'strict' });
    expect(said(provider.calls.at(-1)?.request as LlmRequest).slice(1)).toEqual([
      words,
      'user: two',
      'assistant: fine',
      'user: three',
      'assistant: ',
      'tool: {"a":1}',
    ]);
  });

  it('is refused where that is no help', async () => {
    const provider = createScriptedProvider(first, ['1'], [refusal]);
    const { ask } = talk({ provider, ...choice });
    await ask('one', { model: 'old' });
    expect(await ask('two', { model: 'strict' })).toMatchObject({ code: 'provider_refused' });
    expect(provider.calls).toHaveLength(4);
  });
});

describe('A model without tools', () => {
  /** Refuses tools with the model of this name. */
  const toolless =
    (name: string) =>
    ({ tools, model, messages }: LlmRequest): Script => {
      if (model === name && tools.length > 0) return [new ToolsRefused({ detail: 'no tools' })];
      return tools.length > 0 && messages.at(-1)?.role === 'user' ? [call] : ['fine'];
    };

  it('is asked without them, and from then on at once', async () => {
    const lines: object[] = [];
    const ignore = (): void => undefined;
    const warn = (fields: object, text: string): unknown => lines.push({ ...fields, text });
    const provider = createScriptedProvider(toolless('small'));
    const logger = { debug: ignore, info: ignore, error: ignore, warn };
    const { ask } = talk({ provider, tools: [echo], clientMayChoose: { models: ['small', 'large'] }, logger });
    await ask('one', { model: 'large' });
    expect(await ask('two', { model: 'small' })).toMatchObject({ type: 'stream_end' });
    await ask('three', { model: 'small' });
    await ask('four', { model: 'large' });
    expect(provider.calls.map(({ request }) => `${request.model}: ${request.tools.length}`)).toEqual([
      ...['large: 1', 'large: 1'],
      ...['small: 1', 'small: 0', 'small: 0'],
      ...['large: 1', 'large: 1'],
    ]);
    expect(said(provider.calls[3]?.request as LlmRequest)[1]).toContain('(The tool echo returned: {"a":1})');
    expect(lines).toMatchObject([{ model: 'small', text: expect.stringContaining('without them') as string }]);
  });

  it('that refuses the rest, too, is told as it is', async () => {
    const provider = createScriptedProvider([new ToolsRefused()]);
    const { ask } = talk({ provider, tools: [echo] });
    expect(await ask('one')).toMatchObject({ code: 'provider_refused' });
    expect(provider.calls).toHaveLength(2);
    await ask('two');
    expect(provider.calls[2]?.request.tools).toHaveLength(1);
  });
});

describe('A question that was refused', () => {
  const attachments = [{ type: 'image', media_type: 'image/png', data: 'iVBORw0KGgo=' }];

  it.each(['provider_refused', 'content_refused', 'unsupported_content'] as const)(
    'with %s goes along with no later one, and can be asked again',
    async (code) => {
      const refusal = new AgentSocketError(code, 'No');
      const holdsBad = ({ messages }: LlmRequest): boolean => messages.some(({ content }) => content.includes('bad'));
      const scripted = createScriptedProvider((request) => (holdsBad(request) ? [refusal] : ['fine']));
      const { ask, peer } = talk({ provider: { ...scripted, accepts: ['image'] }, attachments: {} });
      await ask('one');
      expect(await ask('bad', { attachments })).toMatchObject({ code });
      expect(await ask('two')).toMatchObject({ type: 'stream_end' });
      expect(said(scripted.calls.at(-1)?.request as LlmRequest)).toEqual(['user: one', 'assistant: fine', 'user: two']);
      // It stands where it was asked.
      peer.send({ type: 'history', conversation_id: 'c' });
      await vi.waitFor(() => expect(peer.ofType('history')).toHaveLength(1));
      const messages = peer.ofType('history')[0]?.['messages'] as { id: string; content: string; error?: unknown }[];
      expect(messages[2]).toMatchObject({ content: 'bad' });
      expect(messages[3]).toMatchObject({ content: '', error: { code } });
      await ask('bad', { replace_from: messages[2]?.id });
      expect(said(scripted.calls.at(-1)?.request as LlmRequest)).toEqual(['user: one', 'assistant: fine', 'user: bad']);
    },
  );

  it('for another reason is told with the next', async () => {
    const provider = createScriptedProvider([new AgentSocketError('provider_overloaded', 'Later')], ['ok']);
    const { ask } = talk({ provider });
    await ask('one');
    await ask('two');
    expect(said(provider.calls[1]?.request as LlmRequest)).toEqual(['user: one\n\ntwo']);
  });
});

describe('A question whose run fails before its model is asked', () => {
  const down = new Error('The database is down');

  it.each(['systemPrompt', 'model', 'fitContext'] as const)('(%s) gets an end, and an edit goes back', async (hook) => {
    let fails = false;
    const options: EngineOptions = {
      [hook]: (messages: unknown) => {
        if (fails) throw down;
        return hook === 'fitContext' ? messages : undefined;
      },
    };
    const { ask, peer } = talk({ ...options, provider: createScriptedProvider(['ok']), logger: false });
    await ask('one');
    await ask('two');
    const history = async (): Promise<{ id: string; content: string; status?: string }[]> => {
      const count = peer.ofType('history').length;
      peer.send({ type: 'history', conversation_id: 'c' });
      await vi.waitFor(() => expect(peer.ofType('history')).toHaveLength(count + 1));
      return peer.ofType('history').at(-1)?.['messages'] as { id: string; content: string; status?: string }[];
    };
    const before = await history();
    fails = true;
    expect(await ask('other', { replace_from: before[0]?.id })).toMatchObject({ type: 'error' });
    expect((await history()).map(({ content }) => content)).toEqual(['one', 'ok', 'two', 'ok']);
    expect(await ask('three')).toMatchObject({ type: 'error' });
    expect((await history()).slice(4)).toMatchObject([{ content: 'three' }, { content: '', status: 'failed' }]);
  });
});

it('What the model server said goes to the log of the server, and not to the client', async () => {
  const lines: object[] = [];
  const ignore = (): void => undefined;
  const warn = (fields: object, text: string): unknown => lines.push({ ...fields, text });
  const failure = new AgentSocketError('provider_unauthorized', 'No', {
    detail: '401: wrong key',
    cause: new Error('x'),
  });
  const provider = createScriptedProvider([failure]);
  const { ask } = talk({ provider, logger: { debug: ignore, info: ignore, error: ignore, warn } });
  const end = await ask('one');
  expect(end).toMatchObject({ code: 'provider_unauthorized', error: 'No' });
  expect(JSON.stringify(end)).not.toContain('wrong key');
  expect(lines).toEqual([
    {
      text: 'The model gave no answer',
      runId: end.run_id,
      code: 'provider_unauthorized',
      error: 'No',
      detail: '401: wrong key',
      cause: { type: 'Error' },
    },
  ]);
});

it('What goes to the model with a question counts as held until the run is over', async () => {
  const data = Buffer.alloc(300_000, 'iVBORw0KGgo=', 'base64').toString('base64');
  const attachments = [{ type: 'image', media_type: 'image/png', data }];
  let open: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => (open = resolve));
  const scripted = createScriptedProvider(['ok'], ['wait ', gate]);
  const { ask, engine } = talk({ provider: { ...scripted, accepts: ['image'] }, attachments: {} });
  await ask('one', { attachments });
  const second = ask('two');
  await vi.waitFor(() => expect(scripted.calls).toHaveLength(2));
  expect([...engine.runs].map(({ heldBytes }) => heldBytes > data.length)).toEqual([true]);
  open();
  await second;
});
