import { randomUUID } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import { calculator, type LlmMessage, type LlmRequest } from '../../src/index.js';
import { createScriptedProvider, TestClient } from '../../src/testing/index.js';
import { startServer } from '../helpers/server.js';

const never = new Promise<never>(() => undefined);
const byHeader = {
  authenticate: (request: { headers: Record<string, unknown> }) => ({ id: String(request.headers['x-user']) }),
};
const as = (user: string) => ({ headers: { 'x-user': user } });

function gate(): { opened: Promise<void>; open: () => void } {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open: () => open() };
}

const echo = (request: LlmRequest) => [`re: ${request.messages.at(-1)?.content ?? ''}`];
const asked = (messages: readonly LlmMessage[] | undefined) =>
  messages?.map(({ role, content }) => `${role}: ${content}`);
const query = (text: string, over: object = {}) => ({
  type: 'streaming_query',
  query: text,
  conversation_id: 'c1',
  run_id: randomUUID(),
  ...over,
});

async function history(client: TestClient, over: object = {}) {
  const since = client.messages.length;
  client.send({ type: 'history', conversation_id: 'c1', ...over });
  return client.next('history', undefined, since);
}

describe('a conversation', () => {
  it('gives the model what was said before, and keeps question and answer', async () => {
    const provider = createScriptedProvider(echo);
    const server = await startServer({ provider, systemPrompt: 'Be brief.' });
    const client = await TestClient.connect(server.url);
    const first = query('one');
    await client.ask(first);
    await client.ask({ ...query('two'), type: 'agent_query' });
    expect(asked(provider.calls[1]?.request.messages)).toEqual([
      'system: Be brief.',
      'user: one',
      'assistant: re: one',
      'user: two',
    ]);
    expect(client.all('stream_start')[0]).toMatchObject({ conversation_id: 'c1' });
    expect(client.all('agent_response')[0]).toMatchObject({ conversation_id: 'c1', content: 're: two' });
    const { messages, has_more: hasMore, title } = await history(client);
    expect(messages.map(({ role, content }) => `${role}: ${content}`)).toEqual([
      'user: one',
      'assistant: re: one',
      'user: two',
      'assistant: re: two',
    ]);
    expect(messages[0]).toMatchObject({ run_id: first.run_id });
    expect(hasMore).toBe(false);
    expect(title).toBe('one');
  });

  it('keeps tool calls and their results, in the shape the model is asked with next', async () => {
    const provider = createScriptedProvider(
      [{ type: 'tool-call', id: 't1', name: 'calculator', arguments: '{"expression":"1 + 1"}' }],
      ['It is 2'],
      ['Yes'],
    );
    const server = await startServer({ provider, tools: [calculator] });
    const client = await TestClient.connect(server.url);
    await client.ask(query('1 + 1?'));
    await client.ask(query('Sure?'));
    expect(provider.calls[2]?.request.messages).toMatchObject([
      { role: 'user', content: '1 + 1?' },
      { role: 'assistant', content: '', toolCalls: [{ id: 't1', name: 'calculator' }] },
      { role: 'tool', toolCallId: 't1', toolName: 'calculator', content: '2' },
      { role: 'assistant', content: 'It is 2' },
      { role: 'user', content: 'Sure?' },
    ]);
    const { messages } = await history(client);
    expect(messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'tool', 'assistant', 'user', 'assistant']);
    expect(messages[1]?.tool_calls).toEqual([
      { tool_call_id: 't1', tool_name: 'calculator', arguments: '{"expression":"1 + 1"}' },
    ]);
  });

  it.each([
    ['cancelled', 'streaming_query'],
    ['cancelled', 'agent_query'],
    ['failed', 'streaming_query'],
    ['failed', 'agent_query'],
  ])('keeps what there was of a %s answer (%s), marked, and the model sees it', async (status, type) => {
    const provider = createScriptedProvider(['part', status === 'failed' ? new Error('down') : never], echo);
    const server = await startServer({ provider });
    const client = await TestClient.connect(server.url);
    const request = query('one', { type });
    client.send(request);
    if (status === 'cancelled') {
      await vi.waitFor(() => expect(provider.calls).toHaveLength(1));
      await vi.waitFor(async () => {
        client.send({ type: 'list_runs' });
        await client.next('runs');
        const run = server.agent.runs.get({ id: 'anonymous' }, request.run_id);
        expect(run !== undefined && 'bytes' in run ? run.bytes : 0).toBeGreaterThan(100);
      });
      client.send({ type: 'cancel', run_id: request.run_id });
    }
    const end = await client.next(status === 'failed' ? 'error' : 'cancelled', ({ seq }) => seq !== undefined);
    if (type === 'agent_query') expect(end).toMatchObject({ content: 'part' });
    else expect(end).not.toHaveProperty('content');
    const { messages } = await history(client);
    expect(messages).toMatchObject([
      { role: 'user', content: 'one' },
      { role: 'assistant', content: 'part', status },
    ]);
    await client.ask(query('two'));
    expect(asked(provider.calls[1]?.request.messages)).toEqual(['user: one', 'assistant: part', 'user: two']);
  });

  it('says why an answer has no text, and spares the model the empty message', async () => {
    const provider = createScriptedProvider([new Error('down')], ['ok']);
    const server = await startServer({ provider });
    const client = await TestClient.connect(server.url);
    await client.ask(query('one'));
    expect((await history(client)).messages).toMatchObject([
      { role: 'user', content: 'one' },
      { role: 'assistant', content: '', status: 'failed', error: { code: 'provider_error' } },
    ]);
    await client.ask(query('two'));
    expect(provider.calls[1]?.request.messages.every(({ content }) => content !== '')).toBe(true);
  });

  it('answers the calls that a cancel cut off, so that the model can go on', async () => {
    const provider = createScriptedProvider(
      [{ type: 'tool-call', id: 't1', name: 'hang', arguments: '{"expression":"1"}' }],
      ['ok'],
    );
    const server = await startServer({
      provider,
      tools: [{ ...calculator, name: 'hang', execute: () => never, params: calculator.params }],
    });
    const client = await TestClient.connect(server.url);
    const request = query('go');
    client.send(request);
    await client.next('stream_tool_call');
    client.send({ type: 'cancel', run_id: request.run_id });
    await client.next('cancelled', ({ outcome }) => outcome === 'cancelled');
    await client.ask(query('and now?'));
    const roles = provider.calls[1]?.request.messages.map(({ role }) => role);
    expect(roles).toEqual(['user', 'assistant', 'tool', 'assistant', 'user']);
  });

  it.each([
    ['fails', new Error('down')],
    ['is stopped', new Promise(() => undefined)],
  ])('keeps the answer there was where giving it anew %s before its first word', async (_, step) => {
    const { url } = await startServer({ provider: createScriptedProvider(['first'], [step], ['third']) });
    const client = await TestClient.connect(url);
    await client.ask(query('one'));
    const before = (await history(client)).messages;
    const again = { ...query('one'), replace_from: before[1]?.id };
    client.send(again);
    await client.next('stream_start', ({ run_id }) => run_id === again.run_id);
    client.send({ type: 'cancel', run_id: again.run_id });
    await client.next('cancelled', ({ outcome }) => outcome !== undefined);
    expect((await history(client)).messages).toEqual(before);
    await client.ask(query('two'));
    expect((await history(client)).messages.map(({ content }) => content)).toEqual(['one', 'first', 'two', 'third']);
  });

  it('pages through its history', async () => {
    const server = await startServer({ provider: createScriptedProvider(echo) });
    const client = await TestClient.connect(server.url);
    for (const text of ['1', '2', '3']) await client.ask(query(text));
    const last = await history(client, { limit: 2 });
    expect(last.messages.map(({ content }) => content)).toEqual(['3', 're: 3']);
    expect(last.has_more).toBe(true);
    const middle = await history(client, { limit: 3, before: last.messages[0]?.id });
    expect(middle.messages.map(({ content }) => content)).toEqual(['re: 1', '2', 're: 2']);
    const rest = await history(client, { limit: 10, before: middle.messages[0]?.id });
    expect(rest).toMatchObject({ messages: [{ content: '1' }], has_more: false });
    expect(await history(client, { before: 'nobody' })).toMatchObject({ messages: [], has_more: false });
    expect(await history(client, { conversation_id: 'other' })).toMatchObject({ messages: [], has_more: false });
  });

  it('belongs to its owner', async () => {
    const server = await startServer({ provider: createScriptedProvider(echo), ...byHeader });
    const anna = await TestClient.connect(server.url, as('anna'));
    const bert = await TestClient.connect(server.url, as('bert'));
    await anna.ask(query('one'));
    expect((await history(bert)).messages).toEqual([]);
    await bert.ask(query('mine'));
    expect((await history(anna)).messages).toHaveLength(2);
  });
});

describe('a busy conversation', () => {
  it('lets a second question wait for the first, and tells its place', async () => {
    const { opened, open } = gate();
    const provider = createScriptedProvider(['a', opened, 'b'], echo, echo);
    const server = await startServer({ provider });
    const client = await TestClient.connect(server.url);
    const [first, second, third] = [query('one'), query('two'), query('three')];
    for (const request of [first, second, third]) client.send(request);
    await vi.waitFor(() => expect(client.all('accepted')).toHaveLength(3));
    expect(client.all('accepted').map(({ state }) => state)).toEqual(['accepted', 'queued', 'queued']);
    const tab = await TestClient.connect(server.url);
    tab.send({ type: 'resume', run_id: third.run_id });
    expect(await tab.next('resumed')).toMatchObject({ state: 'queued', position: 2, head: 0 });
    await client.next('stream_chunk');
    expect(provider.calls).toHaveLength(1);
    open();
    await vi.waitFor(() => expect(client.all('stream_end')).toHaveLength(3));
    expect(client.all('stream_end').map(({ run_id: id }) => id)).toEqual([first, second, third].map((r) => r.run_id));
    expect(asked(provider.calls[2]?.request.messages)).toEqual([
      'user: one',
      'assistant: ab',
      'user: two',
      'assistant: re: two',
      'user: three',
    ]);
    await tab.next('stream_end');
    expect(tab.text(third.run_id)).toBe('re: three');
  });

  it('refuses where the client says so, and leaves the id unused', async () => {
    const { opened, open } = gate();
    const server = await startServer({ provider: createScriptedProvider([opened], echo) });
    const client = await TestClient.connect(server.url);
    client.send(query('one'));
    await client.next('stream_start');
    const second = query('two', { when_busy: 'reject' });
    expect(await client.ask(second)).toMatchObject({ type: 'error', code: 'conversation_busy', run_id: second.run_id });
    expect(await client.ask(query('else', { conversation_id: 'c2', when_busy: 'reject' }))).toMatchObject({
      type: 'stream_end',
    });
    open();
    await client.next('stream_end');
    await vi.waitFor(() => expect(server.agent.runs.size).toBe(0));
    expect(await client.ask(second)).toMatchObject({ type: 'stream_end' });
  });

  it('cancels what is running and waiting where the client says so', async () => {
    const provider = createScriptedProvider(['a', never], echo);
    const server = await startServer({ provider });
    const client = await TestClient.connect(server.url);
    const [first, second, third] = [query('one'), query('two'), query('three', { when_busy: 'interrupt' })];
    client.send(first);
    await client.next('stream_chunk');
    client.send(second);
    client.send(third);
    await client.next('stream_end');
    expect(client.all('cancelled')).toMatchObject([
      { run_id: second.run_id, reason: 'replaced', seq: 1 },
      { run_id: first.run_id, reason: 'replaced' },
    ]);
    expect(provider.calls[0]?.signal.aborted).toBe(true);
    expect(asked(provider.calls[1]?.request.messages)).toEqual(['user: one', 'assistant: a', 'user: three']);
  });

  it('cancels a run that waits, before it has said anything', async () => {
    const provider = createScriptedProvider(['a', never]);
    const server = await startServer({ provider });
    const client = await TestClient.connect(server.url);
    const [first, second] = [query('one'), query('two')];
    client.send(first);
    client.send(second);
    await vi.waitFor(() => expect(client.all('accepted')).toHaveLength(2));
    client.send({ type: 'cancel', run_id: second.run_id });
    expect(await client.next('cancelled', ({ seq }) => seq === 1)).toMatchObject({ run_id: second.run_id });
    expect(await client.next('cancelled', ({ outcome }) => outcome !== undefined)).toMatchObject({
      outcome: 'cancelled',
      run_ids: [second.run_id],
    });
    client.send({ type: 'cancel', run_id: first.run_id });
    await client.next('cancelled', ({ run_ids: ids }) => ids?.includes(first.run_id) === true);
    expect(provider.calls).toHaveLength(1);
    expect((await history(client)).messages.map(({ content }) => content)).toEqual(['one', 'a']);
  });

  it('never starts a run whose client cannot come back', async () => {
    const { opened, open } = gate();
    const provider = createScriptedProvider(['a', opened]);
    const server = await startServer({ provider });
    const client = await TestClient.connect(server.url);
    client.send(query('one'));
    await client.next('stream_chunk');
    const core = await TestClient.connect(server.url, { negotiate: false });
    core.send(query('two'));
    await vi.waitFor(() => expect(server.agent.runs.size).toBe(2));
    core.socket.terminate();
    await vi.waitFor(() => expect(server.agent.runs.size).toBe(1));
    open();
    await client.next('stream_end');
    expect(provider.calls).toHaveLength(1);
  });
});

describe('replace_from', () => {
  it('edits a question in a branch of its own, and removes nothing', async () => {
    const provider = createScriptedProvider(echo);
    const server = await startServer({ provider });
    const client = await TestClient.connect(server.url);
    await client.ask(query('one'));
    await client.ask(query('two'));
    const { messages } = await history(client);
    await client.ask(query('better', { replace_from: messages[2]?.id }));
    expect(asked(provider.calls[2]?.request.messages)).toEqual(['user: one', 'assistant: re: one', 'user: better']);
    expect((await history(client)).messages.map(({ content }) => content)).toEqual([
      'one',
      're: one',
      'better',
      're: better',
    ]);
    client.send({ type: 'select_branch', conversation_id: 'c1', message_id: messages[2]?.id ?? '' });
    expect(await client.next('branch_selected')).toMatchObject({ message_id: messages[3]?.id });
    const { messages: former } = await history(client);
    expect(former.map(({ id, content }) => [id, content])).toEqual(messages.map(({ id, content }) => [id, content]));
  });

  it('makes an answer anew without doubling its question', async () => {
    const provider = createScriptedProvider(['bad'], ['good']);
    const server = await startServer({ provider });
    const client = await TestClient.connect(server.url);
    await client.ask(query('one'));
    const { messages } = await history(client);
    await client.ask(query('one', { replace_from: messages[1]?.id }));
    expect(asked(provider.calls[1]?.request.messages)).toEqual(['user: one']);
    const { messages: anew } = await history(client);
    expect(anew.map(({ content }) => content)).toEqual(['one', 'good']);
    expect(anew[1]).toMatchObject({ siblings: [messages[1]?.id, anew[1]?.id], index: 1 });
  });

  it('of any message of an answer asks another question in place of the one it belongs to', async () => {
    const call = (id: string) =>
      ({ type: 'tool-call', id, name: 'calculator', arguments: '{"expression":"1+1"}' }) as const;
    const provider = createScriptedProvider([call('c1'), call('c2')], ['two'], ['other']);
    const server = await startServer({ provider, tools: [calculator] });
    const client = await TestClient.connect(server.url);
    await client.ask(query('one'));
    const { messages } = await history(client);
    expect(messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'tool', 'tool', 'assistant']);
    await client.ask(query('something else', { replace_from: messages[3]?.id }));
    expect(asked(provider.calls[2]?.request.messages)).toEqual(['user: something else']);
    const { messages: edited } = await history(client);
    expect(edited.map(({ role }) => role)).toEqual(['user', 'assistant']);
    expect(edited[0]).toMatchObject({ siblings: [messages[0]?.id, edited[0]?.id], index: 1 });
  });

  it('fails where there is no such message, and changes nothing', async () => {
    const server = await startServer({ provider: createScriptedProvider(echo) });
    const client = await TestClient.connect(server.url);
    await client.ask(query('one'));
    expect(await client.ask(query('two', { replace_from: 'nobody' }))).toMatchObject({ code: 'message_not_found' });
    expect((await history(client)).messages).toHaveLength(2);
  });
});

describe('watching', () => {
  it('shows a second tab the question of the first, and its answer live', async () => {
    const { opened, open } = gate();
    const server = await startServer({ provider: createScriptedProvider(['a', opened, 'b'], echo) });
    const [one, two] = [await TestClient.connect(server.url), await TestClient.connect(server.url)];
    two.send({ type: 'watch', conversation_id: 'c1', request_id: 'w' });
    expect(await two.next('watching')).toMatchObject({ conversation_id: 'c1', active: true, request_id: 'w' });
    const first = query('one');
    one.send(first);
    expect(await two.next('run_started')).toMatchObject({
      conversation_id: 'c1',
      run_id: first.run_id,
      kind: 'streaming_query',
      query: 'one',
    });
    await two.next('stream_chunk');
    open();
    await two.next('stream_end');
    expect(two.text(first.run_id)).toBe('ab');
    expect(one.all('run_started')).toEqual([]);
    two.send({ type: 'watch', conversation_id: 'c1', active: false });
    await two.next('watching', ({ active }) => !active);
    await one.ask(query('two'));
    expect(two.all('run_started')).toHaveLength(1);
  });

  it('delivers a run in progress from its start, and those that wait', async () => {
    const server = await startServer({ provider: createScriptedProvider(['a', never]) });
    const one = await TestClient.connect(server.url);
    const [first, second] = [query('one'), query('two')];
    one.send(first);
    await one.next('stream_chunk');
    one.send(second);
    await vi.waitFor(() => expect(one.all('accepted')).toHaveLength(2));
    const two = await TestClient.connect(server.url);
    two.send({ type: 'watch', conversation_id: 'c1' });
    await vi.waitFor(() => expect(two.all('run_started')).toHaveLength(2));
    expect(two.all('run_started')).toMatchObject([
      { run_id: first.run_id, state: 'running' },
      { run_id: second.run_id, state: 'queued' },
    ]);
    expect(await two.next('stream_chunk')).toMatchObject({ run_id: first.run_id, content: 'a' });
  });

  it('reads what starts there besides the runs that a connection may ask for, which it takes no place of', async () => {
    const { opened, open } = gate();
    const server = await startServer({ provider: createScriptedProvider([opened]), maxRunsPerConnection: 1 });
    const [one, two] = [await TestClient.connect(server.url), await TestClient.connect(server.url)];
    two.send({ type: 'watch', conversation_id: 'c1' });
    await two.next('watching');
    const [first, second] = [query('one'), query('two')];
    one.send(first);
    await two.next('stream_start', ({ run_id }) => run_id === first.run_id);
    const own = { ...query('own'), conversation_id: 'c2' };
    two.send(own);
    await two.next('stream_start', ({ run_id }) => run_id === own.run_id);
    one.send({ type: 'cancel', run_id: first.run_id });
    await one.next('cancelled');
    one.send(second);
    await two.next('stream_start', ({ run_id }) => run_id === second.run_id);
    two.send({ ...query('more'), conversation_id: 'c3' });
    expect(await two.next('error')).toMatchObject({ code: 'too_many_runs' });
    open();
    await two.next('stream_end', ({ run_id }) => run_id === second.run_id);
  });

  it('stops nothing but what the connection asked for by a cancel without run_id', async () => {
    const provider = createScriptedProvider(['a', never]);
    const server = await startServer({ provider });
    const [one, two] = [await TestClient.connect(server.url), await TestClient.connect(server.url)];
    two.send({ type: 'watch', conversation_id: 'c1' });
    await two.next('watching');
    const first = query('one');
    one.send(first);
    await two.next('stream_chunk');
    two.send({ type: 'cancel' });
    expect(await two.next('cancelled')).toMatchObject({ outcome: 'nothing_running' });
    expect(provider.calls[0]?.signal.aborted).toBe(false);
    two.send({ type: 'resume', run_id: first.run_id, after: 0 });
    await two.next('resumed');
    two.send({ type: 'cancel' });
    expect(await two.next('cancelled', ({ outcome }) => outcome === 'cancelled')).toMatchObject({
      run_ids: [first.run_id],
    });
  });

  it('is for the owner, counts as reading, and ends with the connection', async () => {
    const provider = createScriptedProvider(['a', never]);
    const server = await startServer({ provider, detachGraceMs: 0, ...byHeader });
    const [anna, tab, bert] = await Promise.all(
      ['anna', 'anna', 'bert'].map((user) => TestClient.connect(server.url, as(user))),
    );
    if (anna === undefined || tab === undefined || bert === undefined) throw new Error('No clients');
    for (const client of [tab, bert]) {
      client.send({ type: 'watch', conversation_id: 'c1' });
      await client.next('watching');
    }
    anna.send(query('one'));
    await tab.next('stream_chunk');
    expect(bert.all('run_started')).toEqual([]);
    anna.socket.terminate();
    await vi.waitFor(() => expect(server.agent.connections.size).toBe(2));
    expect(provider.calls[0]?.signal.aborted).toBe(false);
    tab.socket.terminate();
    await vi.waitFor(() => expect(provider.calls[0]?.signal.aborted).toBe(true));
  });
});

describe('the list of conversations', () => {
  it('tells an owner theirs, the last used first, and lets them name and delete', async () => {
    const server = await startServer({ provider: createScriptedProvider(echo), ...byHeader });
    const anna = await TestClient.connect(server.url, as('anna'));
    await anna.ask(query('one', { conversation_id: 'a' }));
    await anna.ask(query('two', { conversation_id: 'b' }));
    anna.send({ type: 'update_conversation', conversation_id: 'a', title: 'First', metadata: { colour: 'red' } });
    expect(await anna.next('conversation')).toMatchObject({ title: 'First', metadata: { colour: 'red' } });
    anna.send({ type: 'list_conversations' });
    const { conversations, has_more: hasMore } = await anna.next('conversations');
    expect(conversations.map(({ conversation_id: id, title, messages }) => [id, title, messages])).toEqual(
      expect.arrayContaining([
        ['a', 'First', 2],
        ['b', 'two', 2],
      ]),
    );
    expect(hasMore).toBe(false);
    anna.send({ type: 'delete_conversation', conversation_id: 'a' });
    expect(await anna.next('conversation_deleted')).toMatchObject({ conversation_id: 'a', existed: true });
    const since = anna.messages.length;
    anna.send({ type: 'delete_conversation', conversation_id: 'a' });
    expect(await anna.next('conversation_deleted', undefined, since)).toMatchObject({ existed: false });
    anna.send({ type: 'list_conversations' });
    const left = await anna.next('conversations', undefined, since);
    expect(left.conversations.map(({ conversation_id: id }) => id)).toEqual(['b']);
  });

  it('is refused to a client nobody knows, as is deleting', async () => {
    const server = await startServer();
    const client = await TestClient.connect(server.url);
    for (const type of ['list_conversations', 'delete_conversation']) {
      const since = client.messages.length;
      client.send({ type, conversation_id: 'c1' });
      expect(await client.next('error', undefined, since)).toMatchObject({ code: 'forbidden' });
    }
  });

  it('lets nobody delete what is in progress', async () => {
    const server = await startServer({ provider: createScriptedProvider(['a', never]), ...byHeader });
    const anna = await TestClient.connect(server.url, as('anna'));
    anna.send(query('one'));
    await anna.next('stream_chunk');
    anna.send({ type: 'delete_conversation', conversation_id: 'c1' });
    expect(await anna.next('error')).toMatchObject({ code: 'conversation_busy' });
  });
});

describe('the context window', () => {
  it('leaves out the oldest turns, whole, and keeps system prompt and question', async () => {
    const provider = createScriptedProvider(echo);
    const server = await startServer({ provider, systemPrompt: 'Be brief.', maxContextTokens: 60 });
    const client = await TestClient.connect(server.url);
    for (const text of ['one '.repeat(10), 'two '.repeat(10), 'three']) await client.ask(query(text));
    const roles = provider.calls[2]?.request.messages.map(({ role }) => role);
    expect(roles?.[0]).toBe('system');
    expect(roles?.[1]).toBe('user');
    expect(roles?.length).toBeLessThan(6);
    expect(provider.calls[2]?.request.messages.at(-1)?.content).toBe('three');
    expect((await history(client)).messages).toHaveLength(6);
  });

  it('can be made to fit by a hook', async () => {
    const provider = createScriptedProvider(echo);
    const fitContext = vi.fn((messages: readonly LlmMessage[]) => messages.slice(-1));
    const server = await startServer({ provider, fitContext, maxContextTokens: 99 });
    const client = await TestClient.connect(server.url);
    await client.ask(query('one'));
    await client.ask(query('two'));
    expect(fitContext.mock.lastCall).toEqual([expect.any(Array), 99]);
    expect(asked(provider.calls[1]?.request.messages)).toEqual(['user: two']);
  });
});
