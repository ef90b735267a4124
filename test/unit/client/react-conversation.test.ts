import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { createScriptedProvider } from '../../../src/testing/index.js';
import { createAgentClient, type AgentClient } from '../../../src/client/index.js';
import type { ConversationStore } from '../../../src/client/react-conversation.js';
import { sharedOf } from '../../../src/client/react-stores.js';
import type { Frame, ScriptedPeer } from '../../helpers/scripted-server.js';
import { startServer, type TestServer } from '../../helpers/server.js';
import { start } from './client.js';

/** A conversation as a component shows it. */
function show(client: AgentClient, id = 'c'): ConversationStore {
  const chat = sharedOf(client).conversation(id);
  onTestFinished(chat.subscribe(() => undefined));
  return chat;
}

function connectTo({ url }: TestServer): AgentClient {
  const client = createAgentClient({ url, WebSocket });
  onTestFinished(() => client.close());
  return client;
}

const linesOf = (chat: ConversationStore): string[] =>
  chat.getSnapshot().messages.map(({ role, content, status, branch }) => {
    const version = branch === undefined ? '' : ` ${branch.index + 1}/${branch.count}`;
    return `${role === 'user' ? 'Q' : 'A'}: ${content}${status === 'complete' ? '' : ` (${status})`}${version}`;
  });

const idsOf = (chat: ConversationStore): string[] => chat.getSnapshot().messages.map(({ id }) => id);

/** Waits until no run is in progress and everything that was read has come. */
async function settled(chat: ConversationStore, client: AgentClient): Promise<void> {
  await expect.poll(() => chat.getSnapshot().status).toBe('idle');
  await client.conversation('c').history();
}

function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open!: () => void;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

/** Answers the n-th request for the history. */
async function answerHistory(peer: ScriptedPeer, contents: readonly string[], n = 1): Promise<Frame> {
  const asked = await peer.next('history', n);
  const messages = contents.map((content, index) => ({
    id: `m${index}`,
    role: index % 2 === 0 ? 'user' : 'assistant',
    content,
    run_id: `r${index >> 1}`,
    created_at: 1,
  }));
  const { conversation_id, request_id } = asked;
  peer.send({ type: 'history', conversation_id, messages, has_more: false, request_id });
  return asked;
}

describe('an answer in one piece', () => {
  it.each(['edit', 'regenerate'] as const)('gives way to what is asked in its place meanwhile: %s', async (how) => {
    const { opened, open } = gate();
    const server = await startServer({ provider: createScriptedProvider(['first'], [opened, 'one'], ['two']) });
    const client = connectTo(server);
    const chat = show(client);
    await chat.send('begin');
    const run = chat.send('which?', { whole: true });
    await expect.poll(() => chat.getSnapshot().messages[2]).toMatchObject({ isStored: true });
    const { id } = chat.getSnapshot().messages[2] as { id: string };
    const next = how === 'edit' ? chat.edit(id, 'which then?') : chat.regenerate(id);
    open();
    await Promise.all([run, next]);
    await settled(chat, client);
    expect(linesOf(chat)).toEqual(
      how === 'edit'
        ? ['Q: begin', 'A: first', 'Q: which then? 2/2', 'A: two']
        : ['Q: begin', 'A: first', 'Q: which?', 'A: two 2/2'],
    );
    const after = connectTo(server);
    const reloaded = show(after);
    await settled(reloaded, after);
    expect([linesOf(reloaded), idsOf(reloaded)]).toEqual([linesOf(chat), idsOf(chat)]);
  });

  it('gives way to a branch that is selected while it is read', async () => {
    const { server, client } = await start();
    const chat = show(client);
    const peer = await server.peer();
    await answerHistory(peer, ['Hi', 'Hello']);
    await expect.poll(() => linesOf(chat)).toEqual(['Q: Hi', 'A: Hello']);
    chat.send('And now?', { whole: true });
    const { run_id } = await peer.next('agent_query');
    peer.send(
      { type: 'stream_start', question_id: 'q', answer_id: 'a', run_id, seq: 1 },
      { type: 'agent_response', content: 'Later', run_id, seq: 2 },
    );
    await peer.next('history', 2);
    expect(linesOf(chat)).toEqual(['Q: Hi', 'A: Hello', 'Q: And now?', 'A: Later']);
    peer.send({ type: 'branch_selected', conversation_id: 'c', message_id: 'm1' });
    await answerHistory(peer, ['Hi', 'Hello'], 3);
    await expect.poll(() => linesOf(chat)).toEqual(['Q: Hi', 'A: Hello']);
  });

  it('can be answered anew and asked otherwise before the history has it', async () => {
    const server = await startServer({ provider: createScriptedProvider(['one'], ['two'], ['three']) });
    const client = connectTo(server);
    const chat = show(client);
    const seen: string[][] = [];
    const next = [
      () => chat.regenerate(undefined, { whole: true }),
      () => chat.edit(idsOf(chat)[0] as string, 'which then?', { whole: true }),
    ];
    const off = chat.hear(() => ({
      onFinish: () => {
        seen.push(linesOf(chat));
        next.shift()?.();
      },
    }));
    onTestFinished(off);
    chat.send('which?', { whole: true });
    await expect.poll(() => seen.length).toBe(3);
    // Each answer is on the screen when it is told of, in the place of the one before.
    expect(seen.map((lines) => lines.map((line) => line.replace(/ \d\/\d$/, '')))).toEqual([
      ['Q: which?', 'A: one'],
      ['Q: which?', 'A: two'],
      ['Q: which then?', 'A: three'],
    ]);
    await settled(chat, client);
    expect(linesOf(chat)).toEqual(['Q: which then? 2/2', 'A: three']);
    const [question] = chat.getSnapshot().messages;
    await chat.selectBranch(question?.branch?.siblings[0] as string);
    expect(linesOf(chat)).toEqual(['Q: which? 1/2', 'A: two 2/2']);
  });

  it('stays when the same is asked again', async () => {
    const { opened, open } = gate();
    const server = await startServer({ provider: createScriptedProvider(['one'], [opened, 'two']) });
    const client = connectTo(server);
    const chat = show(client);
    const seen: string[][] = [];
    const off = chat.hear(() => ({
      onFinish: () => {
        if (seen.length > 0) return;
        chat.send('go on', { whole: true });
        seen.push(linesOf(chat));
      },
    }));
    onTestFinished(off);
    chat.send('go on', { whole: true });
    await expect.poll(() => seen).toEqual([['Q: go on', 'A: one', 'Q: go on', 'A:  (pending)']]);
    open();
    await settled(chat, client);
    expect(linesOf(chat)).toEqual(['Q: go on', 'A: one', 'Q: go on', 'A: two']);
  });
});

describe('a client that gave up before it was ever connected', () => {
  it('reads conversation and list once it connects', async () => {
    const { server, client } = await start();
    server.welcomes.push({ close: 4401 });
    const chat = show(client);
    const { list } = sharedOf(client);
    onTestFinished(list.subscribe(() => undefined));
    await expect.poll(() => chat.getSnapshot().error?.code).toBe('unauthorized');
    await expect.poll(() => list.getSnapshot().error?.code).toBe('unauthorized');
    await client.connect();
    const peer = await server.peer(2);
    await answerHistory(peer, ['Hi', 'Hello']);
    const { request_id } = await peer.next('list_conversations');
    const conversations = [{ conversation_id: 'c', created_at: 1, updated_at: 1, messages: 2 }];
    peer.send({ type: 'conversations', conversations, has_more: false, request_id });
    await expect.poll(() => linesOf(chat)).toEqual(['Q: Hi', 'A: Hello']);
    await expect.poll(() => list.getSnapshot().conversations.map((one) => one.conversationId)).toEqual(['c']);
    expect([chat.getSnapshot().error, list.getSnapshot().error]).toEqual([undefined, undefined]);
  });
});

describe('a server with a new store', () => {
  it('is read although the history of the earlier one was being loaded', async () => {
    const { server, client } = await start();
    const chat = show(client);
    const peer = await server.peer();
    await peer.next('history');
    server.welcome = { epoch: 'another' };
    peer.drop();
    const second = await server.peer(2);
    await answerHistory(second, ['Hi', 'Hello'], 1);
    await answerHistory(second, ['Hi', 'Hello'], 2);
    await expect.poll(() => linesOf(chat)).toEqual(['Q: Hi', 'A: Hello']);
    expect(chat.getSnapshot().status).toBe('idle');
  });

  it('leaves on the screen what the earlier one had, also an answer that was not read yet', async () => {
    const { server, client } = await start();
    const chat = show(client);
    const peer = await server.peer();
    await answerHistory(peer, ['Hi', 'Hello']);
    await expect.poll(() => linesOf(chat)).toEqual(['Q: Hi', 'A: Hello']);
    chat.send('And now?', { whole: true });
    const { run_id } = await peer.next('agent_query');
    peer.send(
      { type: 'stream_start', question_id: 'q', answer_id: 'a', run_id, seq: 1 },
      { type: 'agent_response', content: 'Later', run_id, seq: 2 },
    );
    await peer.next('history', 2);
    server.welcome = { epoch: 'another' };
    peer.drop();
    const second = await server.peer(2);
    await answerHistory(second, [], 1);
    await answerHistory(second, ['From there', 'Yes'], 2);
    const kept = ['Q: Hi', 'A: Hello', 'Q: And now?', 'A: Later'];
    await expect.poll(() => linesOf(chat)).toEqual([...kept, 'Q: From there', 'A: Yes']);
    const stored = chat.getSnapshot().messages.map(({ isStored }) => isStored);
    expect(stored).toEqual([false, false, false, false, true, true]);
  });
});

describe('a conversation that this client deletes', () => {
  it('is empty, and is begun anew by the next question', async () => {
    const server = await startServer({
      provider: createScriptedProvider(['one'], ['two']),
      authenticate: () => ({ id: 'ada' }),
    });
    const client = connectTo(server);
    const chat = show(client);
    await chat.send('first');
    await settled(chat, client);
    await client.conversation('c').delete();
    expect(linesOf(chat)).toEqual([]);
    await chat.send('second');
    await settled(chat, client);
    expect(linesOf(chat)).toEqual(['Q: second', 'A: two']);
  });
});

describe('an attachment that is no base64', () => {
  it('is refused by the server, and the question stays with the reason', async () => {
    const server = await startServer({
      attachments: {},
      provider: { ...createScriptedProvider([]), accepts: ['image'] },
    });
    const client = connectTo(server);
    const chat = show(client);
    const run = chat.send('look', { attachments: [{ data: 'no base64!', mediaType: 'image/png' }] });
    await expect(run).rejects.toMatchObject({ code: 'invalid_message' });
    await expect.poll(() => linesOf(chat)).toEqual(['Q: look', 'A:  (failed)']);
  });
});
