import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { AgentSocketError, defineTool, type LlmPart, type LlmProvider } from '../../src/index.js';
import type { ChatMessage } from '../../src/client/react.js';
import { startServer, type TestServer } from '../helpers/server.js';
import { ChatDriver } from './react-chat.js';
import type { ComponentPage } from './component-page.js';

let page: ComponentPage;

beforeAll(async () => {
  page = await ChatDriver.loadPage();
});
afterAll(() => page.close());

const text = (value: string): LlmPart => ({ type: 'text-delta', text: value });

/** Says what the question is about, and obeys where the question names something to do. */
class Model implements LlmProvider {
  readonly vendor = 'scripted';
  readonly model = 'script-1';
  readonly accepts = ['image' as const];
  /** Where they are set, answers fail before their first word, or wait for it. */
  fails = false;
  waits = false;
  #answers = 0;
  #waiting: (() => void)[] = [];

  /** Lets the answer that waits say its next word. */
  release(): void {
    for (const go of this.#waiting.splice(0)) go();
  }

  async *stream(
    { messages }: Parameters<LlmProvider['stream']>[0],
    { signal }: { signal: AbortSignal },
  ): AsyncGenerator<LlmPart> {
    // Questions that follow each other are asked as one.
    const question =
      messages
        .findLast(({ role }) => role === 'user')
        ?.content.split('\n')
        .at(-1) ?? '';
    if (this.fails) throw new AgentSocketError('rate_limited', 'Try again in 5 s', { retryAfterMs: 5_000 });
    if (question === 'sum' && messages.at(-1)?.role !== 'tool') {
      yield { type: 'reasoning-delta', text: 'An addition.' };
      yield text('One moment. ');
      yield { type: 'tool-call', id: 'sum', name: 'sum', arguments: '{"a":1,"b":1}' };
      return;
    }
    if (question === 'wait') {
      for (const word of ['one ', 'two ', 'three']) {
        yield text(word);
        await this.#turn(signal);
      }
      return;
    }
    if (this.waits) await this.#turn(signal);
    yield text(`Answer ${++this.#answers} to ${question}`);
    yield { type: 'usage', inputTokens: 7, outputTokens: 3 };
    yield { type: 'finish', reason: 'stop' };
  }

  #turn(signal: AbortSignal): Promise<void> {
    return new Promise((go, stop) => {
      this.#waiting.push(go);
      signal.addEventListener('abort', () => stop(signal.reason as Error));
    });
  }
}

const sum = defineTool({
  name: 'sum',
  description: 'Adds.',
  params: z.object({ a: z.number(), b: z.number() }),
  execute: ({ a, b }, { report }) => {
    report({ done: 0.5 });
    return a + b;
  },
});

async function start(): Promise<{ model: Model; service: TestServer; chat: ChatDriver }> {
  const model = new Model();
  const service = await startServer({ provider: model, tools: [sum], attachments: {} });
  const chat = await ChatDriver.open(page, service.url);
  return { model, service, chat };
}

const withoutTime = (messages: readonly ChatMessage[]) => messages.map((message) => ({ ...message, createdAt: 0 }));

describe('an answer', () => {
  it('keeps its id, its place and its shape from the first word to the history after a reload', async () => {
    const { chat } = await start();
    await chat.ask('sum');
    const { messages } = await chat.view();
    expect(messages).toMatchObject([
      { role: 'user', isStored: true, parts: [{ type: 'text', text: 'sum' }] },
      {
        role: 'assistant',
        status: 'complete',
        content: 'One moment. Answer 1 to sum',
        model: 'script-1',
        finishReason: 'stop',
        usage: { inputTokens: 7, outputTokens: 3 },
        reasoning: 'An addition.',
        parts: [
          { type: 'reasoning', text: 'An addition.' },
          { type: 'text', text: 'One moment. ' },
          { type: 'tool', toolName: 'sum', params: { a: 1, b: 1 }, state: 'done', result: 2 },
          { type: 'data', toolName: 'sum', data: { done: 0.5 } },
          { type: 'text', text: 'Answer 1 to sum' },
        ],
      },
    ]);
    const ids = messages.map(({ id }) => id);
    for (const picture of await chat.pictures()) {
      const [question, answer] = picture.messages;
      // From the first word on.
      if (answer === undefined || answer.status === 'pending') continue;
      expect([question?.id, answer.id, picture.messages.length]).toEqual([...ids, 2]);
    }
    await chat.reload();
    expect(withoutTime((await chat.idle()).messages)).toEqual(withoutTime(messages));
  });

  it('is rendered alone when a word comes, however long the conversation is', async () => {
    const { chat, model } = await start();
    for (let n = 0; n < 20; n++) await chat.ask(n % 2 === 0 ? `question ${n}` : 'sum');
    const renders = (): Promise<Record<string, number>> => chat.page.evaluate('({ ...globalThis.renders })');
    await chat.do('send', 'wait');
    await chat.until(({ messages }) => messages.at(-1)?.content === 'one ');
    const answer = (await chat.view()).messages.at(-1)?.id ?? '';
    const before = await renders();
    model.release();
    await chat.until(({ messages }) => messages.at(-1)?.content === 'one two ');
    expect(await renders()).toEqual({ ...before, [answer]: (before[answer] ?? 0) + 1 });
    model.release();
    model.release();
    await chat.until(({ messages }) => messages.at(-1)?.content === 'one two three');
    model.release();
    await chat.idle();
    const after = await renders();
    // The word, and the end.
    expect(after).toEqual({ ...before, [answer]: (before[answer] ?? 0) + 3 });
  });

  it('is not fetched again when it is over, and neither is what was there', async () => {
    const { chat } = await start();
    for (const query of ['one', 'sum', 'two']) await chat.ask(query);
    await chat.do('regenerate');
    await chat.until(({ messages, status }) => status === 'idle' && messages.at(-1)?.branch?.count === 2);
    expect(chat.sent.filter((type) => type === 'history')).toEqual(['history']);
  });

  it('goes on where its component left and came back', async () => {
    const { chat, model } = await start();
    await chat.do('send', 'wait');
    await chat.until(({ messages }) => messages.at(-1)?.content === 'one ');
    await chat.show(undefined);
    model.release();
    await chat.show('c');
    await chat.shows('Q: wait', 'A: one two  (streaming)');
    model.release();
    await chat.shows('Q: wait', 'A: one two three (streaming)');
    model.release();
    await chat.shows('Q: wait', 'A: one two three');
  });

  it('is told by callbacks, once each', async () => {
    const { chat, model } = await start();
    await chat.ask('sum');
    model.fails = true;
    await chat.ask('two');
    expect(await chat.heard()).toEqual([
      ['data', { done: 0.5 }],
      ['finish', 'One moment. Answer 1 to sum'],
      ['error', 'rate_limited'],
    ]);
  });
});

describe('many conversations', () => {
  it('that are shown at once stay loaded', async () => {
    const { chat } = await start();
    const ids = Array.from({ length: 30 }, (_, index) => `many-${index}`);
    const statuses = () => chat.page.evaluate<Record<string, string[]>>('globalThis.statuses');
    await chat.page.evaluate(`globalThis.showMany(${JSON.stringify(ids)})`);
    const areIdle = async () => Object.values(await statuses()).filter((told) => told.at(-1) === 'idle').length;
    await expect.poll(areIdle).toBe(30);
    // All are rendered again, and one more.
    await chat.page.evaluate(`globalThis.showMany(${JSON.stringify([...ids, 'one-more'])})`);
    await expect.poll(areIdle).toBe(31);
    for (const told of Object.values(await statuses())) expect(told.join(' ')).toMatch(/^(loading )+idle( idle)*$/);
  });
});

describe('a question that failed', () => {
  it('stays where it was asked, with its reason, also after a reload', async () => {
    const { chat, model } = await start();
    await chat.ask('one');
    model.fails = true;
    await chat.ask('two');
    model.fails = false;
    await chat.ask('three');
    const shown = ['Q: one', 'A: Answer 1 to one', 'Q: two', 'A:  (rate_limited)', 'Q: three', 'A: Answer 2 to three'];
    await chat.shows(...shown);
    await chat.reload();
    await chat.shows(...shown);
  });

  it('stays where it was asked when it was refused, until it is dismissed or asked again', async () => {
    const { chat } = await start();
    await chat.ask('one');
    await chat.do('send', 'two', { model: 'forbidden' });
    await chat.do('send', 'three', { model: 'forbidden' });
    await chat.ask('four');
    const refused = (query: string) => [`Q: ${query}`, 'A:  (forbidden)'];
    const last = ['Q: four', 'A: Answer 2 to four'];
    await chat.shows('Q: one', 'A: Answer 1 to one', ...refused('two'), ...refused('three'), ...last);
    const { messages } = await chat.view();
    await chat.do('dismiss', messages[2]?.id);
    await chat.shows('Q: one', 'A: Answer 1 to one', ...refused('three'), ...last);
    // With what it was asked with, but for what is said otherwise.
    await chat.page.evaluate(
      `void globalThis.chat.regenerate(${JSON.stringify(messages[4]?.id)}, { model: undefined })`,
    );
    await chat.shows('Q: one', 'A: Answer 1 to one', ...last, 'Q: three', 'A: Answer 3 to three');
  });
});

describe('versions', () => {
  it('are all there, and each can be shown, here and in another tab', async () => {
    const { chat, service } = await start();
    await chat.ask('one');
    await chat.ask('two');
    await chat.do('regenerate');
    await chat.shows('Q: one', 'A: Answer 1 to one', 'Q: two', 'A: Answer 3 to two 2/2');
    const { messages } = await chat.view();
    const otherPage = await ChatDriver.loadPage();
    onTestFinished(() => otherPage.close());
    const other = await ChatDriver.open(otherPage, service.url);
    await chat.do('selectBranch', messages[3]?.branch?.siblings[0]);
    const first = ['Q: one', 'A: Answer 1 to one', 'Q: two', 'A: Answer 2 to two 1/2'];
    await chat.shows(...first);
    await other.shows(...first);
    await other.do('edit', messages[0]?.id, 'other');
    const edited = ['Q: other 2/2', 'A: Answer 4 to other'];
    await other.shows(...edited);
    await chat.shows(...edited);
    const view = await chat.view();
    await chat.reload();
    expect(withoutTime((await chat.idle()).messages)).toEqual(withoutTime(view.messages));
    await chat.do('selectBranch', messages[0]?.id);
    // Of what follows that question, the newest.
    await chat.shows('Q: one 1/2', ...first.slice(1, 3), 'A: Answer 3 to two 2/2');
  });

  it('stay as they were where an answer anew comes to nothing, and the reason is shown', async () => {
    const { chat, model } = await start();
    await chat.ask('one');
    await chat.ask('two');
    const { messages } = await chat.view();
    const before = ['Q: one', 'A: Answer 1 to one', 'Q: two', 'A: Answer 2 to two'];
    model.waits = true;
    await chat.do('regenerate', messages[1]?.id);
    await chat.shows('Q: one', 'A:  (pending) 2/2');
    await chat.do('cancel');
    await chat.shows(...before);
    model.fails = true;
    await chat.do('regenerate', messages[1]?.id);
    await chat.shows(...before.slice(0, 2), 'A:  (rate_limited)', ...before.slice(2));
    const { id } = (await chat.view()).messages[2] as ChatMessage;
    await chat.do('dismiss', id);
    await chat.shows(...before);
    // Another question in the place of one, which was not answered either.
    await chat.do('edit', messages[0]?.id, 'other');
    const versions = ['Q: one 1/2', ...before.slice(1)];
    await chat.shows(...versions.slice(0, 2), 'Q: other', 'A:  (rate_limited)', ...before.slice(2));
    await chat.reload();
    await chat.shows(...versions);
    expect((await chat.view()).messages.map((message) => message.id)).toEqual(messages.map((message) => message.id));
  });
});

const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==';

describe('attachments', () => {
  const isDrawn = (chat: ChatDriver) =>
    expect.poll(() => chat.page.evaluate("document.querySelector('img')?.naturalWidth"));

  it('are sent as files, shown at once and after a reload, and taken over by an edit', async () => {
    const { chat } = await start();
    await chat.page.evaluate(`
      const bytes = Uint8Array.from(atob('${PNG}'), (c) => c.charCodeAt(0));
      void globalThis.chat.send('look', { attachments: [new File([bytes], 'dot.png', { type: 'image/png' })] });
      void globalThis.chat.send('after');
    `);
    await chat.shows('Q: look', 'A: Answer 1 to look', 'Q: after', 'A: Answer 2 to after');
    await isDrawn(chat).toBe(1);
    const file = { type: 'file', kind: 'image', mediaType: 'image/png', name: 'dot.png', bytes: 70 };
    expect((await chat.view()).messages[0]?.parts).toMatchObject([file, { type: 'text', text: 'look' }]);
    await chat.reload();
    await isDrawn(chat).toBe(1);
    const { messages } = await chat.view();
    expect(messages[0]?.parts).toMatchObject([file, { type: 'text' }]);
    expect(messages[0]?.parts[0]).toHaveProperty('attachmentId');
    await chat.do('edit', messages[0]?.id, 'look again');
    await chat.shows('Q: look again 2/2', 'A: Answer 3 to look again');
    expect((await chat.view()).messages[0]?.parts).toMatchObject([file, { type: 'text' }]);
  });

  it('that the server does not take are refused with the reason', async () => {
    const { chat } = await start();
    await chat.do('send', 'read', { attachments: [{ data: 'aGk=', mediaType: 'text/html', name: 'a.html' }] });
    await chat.shows('Q: read', 'A:  (unsupported_content)');
  });
});

describe('useConversations and useConnection', () => {
  it('show what is there, and what becomes of it', async () => {
    const model = new Model();
    const service = await startServer({ provider: model, attachments: {}, authenticate: () => ({ id: 'alice' }) });
    const chat = await ChatDriver.open(page, service.url);
    const list = () => expect.poll(() => chat.page.evaluate('globalThis.list'));
    await list().toEqual([]);
    await chat.ask('one');
    await list().toEqual(['one']);
    await chat.show('d');
    await chat.ask('two');
    await list().toEqual(['two', 'one']);
    await chat.page.evaluate("globalThis.client.conversation('c').update({ title: 'Renamed' })");
    await list().toEqual(expect.arrayContaining(['two', 'Renamed']));
    await chat.page.evaluate("globalThis.client.conversation('c').delete()");
    await list().toEqual(['two']);
    expect(await chat.page.evaluate('globalThis.connection')).toEqual({
      state: 'connected',
      takes: ['image/png', 'image/jpeg', 'image/webp', 'image/gif'],
    });
    await chat.page.evaluate('globalThis.client.close()');
    await expect.poll(() => chat.page.evaluate('globalThis.connection.state')).toBe('closed');
  });
});
