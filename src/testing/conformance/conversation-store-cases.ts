import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { ConversationMessage, ConversationStore, MessagePageRequest } from '../../store/conversation-store.js';
import type { ConformanceCase } from './conformance-case.js';
import { conversationBoundCases } from './conversation-bound-cases.js';
import { conversationListCases } from './conversation-list-cases.js';
import { below, chain, contents, KEY, line, messageOf } from './conversation-samples.js';

/** The settings of the store of one case. */
export interface ConversationStoreSettings {
  /** Maximum bytes of all conversations together. */
  maxConversationBytes?: number;
  /** Maximum bytes of the conversations of one owner. */
  maxOwnerConversationBytes?: number;
  /** The time of day, as Unix milliseconds. */
  clock: () => number;
}

const TEXTS = ['', '😀', '\ud83d', '\ude00', '\0', 'a\0b', '"\\\u2028\u2029\n', '{"not":"parsed"}', '漢字'];

/**
 * The requirements of a {@link ConversationStore}.
 * @param make - creates an empty store.
 */
export function conversationStoreCases(
  make: (settings: ConversationStoreSettings) => ConversationStore | Promise<ConversationStore>,
): ConformanceCase[] {
  /** Creates a store and its clock. */
  async function setUp(
    bounds: Omit<ConversationStoreSettings, 'clock'> = {},
  ): Promise<{ store: ConversationStore; pass: (ms: number) => void }> {
    let at = 1_000_000;
    return { store: await make({ ...bounds, clock: () => at }), pass: (ms) => void (at += ms) };
  }

  return [
    {
      name: 'knows no conversation that never was',
      run: async () => {
        const { store } = await setUp();
        assert.equal(await store.find(KEY), undefined);
        assert.deepEqual(await store.read(KEY, { limit: 10 }), { items: [], hasMore: false });
        assert.deepEqual(await store.list('ann', { limit: 10 }), { items: [], hasMore: false });
        assert.equal(await store.message(KEY, randomUUID()), undefined);
        assert.equal(await store.select(KEY, randomUUID()), undefined);
        assert.equal(await store.attachment(KEY, randomUUID()), undefined);
        await store.delete(KEY);
        assert.equal(await store.find(KEY), undefined);
      },
    },
    {
      name: 'gives messages back as they were, in order',
      run: async () => {
        const { store } = await setUp();
        const messages = chain([
          {
            ...messageOf('What is 6 times 7?'),
            attachments: [
              { id: randomUUID(), type: 'image', mediaType: 'image/png', name: '漢字.png', bytes: 3 },
              { type: 'file', mediaType: 'application/pdf', url: 'https://files.example/a.pdf' },
            ],
          },
          {
            ...messageOf(''),
            role: 'assistant',
            reasoning: 'A calculator knows.',
            origin: { vendor: 'openai', model: 'o4' },
            providerData: { signature: ['a', { b: null }] },
            toolCalls: [
              { id: 'call 1', name: 'calculator', arguments: '{"expression":"6*7"}', providerData: { thought: 'x' } },
              { id: '__proto__', name: 'x', arguments: '{broken' },
            ],
          },
          { ...messageOf('42'), role: 'tool', toolCallId: 'call 1', toolName: 'calculator', data: [1, { done: 0.5 }] },
          {
            ...messageOf('{"error":"no"}'),
            role: 'tool',
            toolCallId: '__proto__',
            toolName: 'x',
            error: { code: 'tool_failed', message: 'no' },
          },
          { ...messageOf('It is'), role: 'assistant', status: 'cancelled' },
          {
            ...messageOf('It'),
            role: 'assistant',
            status: 'failed',
            error: { code: 'provider_error', message: 'Gone' },
          },
          { ...messageOf('I'), role: 'assistant', status: 'interrupted' },
          {
            ...messageOf('It is 42.'),
            role: 'assistant',
            finishReason: 'stop',
            usage: { input_tokens: 5, output_tokens: 3, reasoning_tokens: 1 },
          },
        ]);
        await store.append(KEY, messages.slice(0, 1));
        await store.append(KEY, messages.slice(1, 4));
        await store.append(KEY, messages.slice(4));
        assert.deepEqual(await store.read(KEY, { limit: 10 }), { items: messages, hasMore: false });
      },
    },
    {
      name: 'keeps half characters, NUL and whatever else a string can hold',
      run: async () => {
        const { store } = await setUp();
        const messages = chain(
          TEXTS.map((content): ConversationMessage => ({
            ...messageOf(content),
            role: 'assistant',
            reasoning: content,
            toolCalls: [{ id: content, name: content, arguments: content }],
          })),
        );
        await store.append(KEY, messages);
        for (const title of TEXTS) {
          await store.update(KEY, { title, metadata: { [title]: title, nested: { list: [title, 1, null, true] } } });
          const info = await store.find(KEY);
          assert.equal(info?.title, title);
          assert.deepEqual(info.metadata, { [title]: title, nested: { list: [title, 1, null, true] } });
        }
        assert.deepEqual((await store.read(KEY, { limit: 100 })).items, messages);
      },
    },
    {
      name: 'keeps metadata as they were given',
      run: async () => {
        const { store } = await setUp();
        const metadata: Record<string, unknown> = { tags: ['a'] };
        await store.update(KEY, { metadata });
        metadata['tags'] = 'changed';
        const found = await store.find(KEY);
        assert.deepEqual(found?.metadata, { tags: ['a'] });
        assert.deepEqual((await store.list('ann', { limit: 1 })).items[0]?.metadata, { tags: ['a'] });
      },
    },
    {
      name: 'keeps large messages',
      run: async () => {
        const { store } = await setUp();
        const messages = chain(['x', '漢', '😀'].map((unit) => messageOf(unit.repeat(1_000_000))));
        await store.append(KEY, messages);
        assert.deepEqual((await store.read(KEY, { limit: 3 })).items, messages);
      },
    },
    {
      name: 'reads the newest first page by page, each oldest first',
      run: async () => {
        const { store } = await setUp();
        const messages = line(10);
        await store.append(KEY, messages);
        const read = (page: MessagePageRequest) => contents(store, KEY, page);
        assert.deepEqual(await read({ limit: 4 }), ['6 7 8 9', true]);
        assert.deepEqual(await read({ limit: 4, before: messages[6]?.id }), ['2 3 4 5', true]);
        assert.deepEqual(await read({ limit: 4, before: messages[2]?.id }), ['0 1', false]);
        assert.deepEqual(await read({ limit: 2, before: messages[2]?.id }), ['0 1', false]);
        assert.deepEqual(await read({ limit: 1, before: messages[2]?.id }), ['1', true]);
        assert.deepEqual(await read({ limit: 4, before: messages[0]?.id }), ['', false]);
        assert.deepEqual(await read({ limit: 10 }), ['0 1 2 3 4 5 6 7 8 9', false]);
        assert.deepEqual(await read({ limit: 9 }), ['1 2 3 4 5 6 7 8 9', true]);
        assert.deepEqual(await read({ limit: 4, before: randomUUID() }), ['', false]);
        assert.deepEqual(await read({ limit: 4, before: undefined }), ['6 7 8 9', true]);
      },
    },
    {
      name: 'ends a page of messages at its length, after one at least',
      run: async () => {
        const { store } = await setUp();
        const call = { id: 'call', name: 'x', arguments: 'a'.repeat(6) };
        const messages = chain([
          messageOf('0'),
          { ...messageOf('1'), role: 'assistant', toolCalls: [call] },
          messageOf('漢字'),
          messageOf('3'),
          messageOf('4'.repeat(20)),
        ]);
        await store.append(KEY, messages);
        const read = (page: MessagePageRequest) => contents(store, KEY, page);
        const long = '4'.repeat(20);
        assert.deepEqual(await read({ limit: 4, maxLength: 0 }), [long, true]);
        assert.deepEqual(await read({ limit: 4, maxLength: 20 }), [long, true]);
        assert.deepEqual(await read({ limit: 4, maxLength: 21 }), [`3 ${long}`, true]);
        assert.deepEqual(await read({ limit: 4, maxLength: 9, before: messages[4]?.id }), ['漢字 3', true]);
        assert.deepEqual(await read({ limit: 4, maxLength: 10, before: messages[4]?.id }), ['1 漢字 3', true]);
        assert.deepEqual(await read({ limit: 2, maxLength: 10, before: messages[4]?.id }), ['漢字 3', true]);
        assert.deepEqual(await read({ limit: 4, maxLength: 11, before: messages[4]?.id }), ['0 1 漢字 3', false]);
        assert.deepEqual(await read({ limit: 4, maxLength: 0, before: messages[0]?.id }), ['', false]);
        assert.deepEqual(await read({ limit: 5, maxLength: undefined }), [`0 1 漢字 3 ${long}`, false]);
      },
    },
    {
      name: 'knows no message of another conversation',
      run: async () => {
        const { store } = await setUp();
        const other = { owner: 'ann', id: 'other' };
        const message = messageOf('theirs');
        await store.append(KEY, [messageOf('mine')]);
        await store.append(other, [message]);
        assert.deepEqual(await contents(store, KEY, { limit: 4, before: message.id }), ['', false]);
        assert.deepEqual(await contents(store, KEY, { limit: 4, leaf: message.id }), ['', false]);
        assert.equal(await store.message(KEY, message.id), undefined);
        assert.equal(await store.select(KEY, message.id), undefined);
        assert.deepEqual(await contents(store, KEY, { limit: 4 }), ['mine', false]);
        assert.deepEqual(await contents(store, other, { limit: 4 }), ['theirs', false]);
      },
    },
    {
      name: 'keeps branches, reads the one that ends in a leaf, and selects what was added last',
      run: async () => {
        const { store } = await setUp();
        const messages = line(4);
        await store.append(KEY, messages);
        const edited = below(messages[1], 'edited');
        await store.append(KEY, [edited, below(edited, 'answered')]);
        assert.deepEqual(await contents(store, KEY, { limit: 10 }), ['0 1 edited answered', false]);
        assert.deepEqual(await contents(store, KEY, { limit: 10, leaf: messages[3]?.id }), ['0 1 2 3', false]);
        assert.deepEqual(await contents(store, KEY, { limit: 2, leaf: messages[2]?.id }), ['1 2', true]);
        assert.deepEqual(await contents(store, KEY, { limit: 10, before: messages[3]?.id }), ['0 1 2', false]);
        assert.deepEqual(await contents(store, KEY, { limit: 10, leaf: randomUUID() }), ['', false]);
        const other = messageOf('another first one');
        await store.append(KEY, [other]);
        assert.deepEqual(await contents(store, KEY, { limit: 10 }), ['another first one', false]);
        assert.equal((await store.find(KEY))?.messages, 7);
        for (const message of [...messages, edited, other]) {
          assert.deepEqual(await store.message(KEY, message.id), message);
        }
      },
    },
    {
      name: 'selects the branch a message lies on, to its newest end',
      run: async () => {
        const { store } = await setUp();
        const messages = line(3);
        const [, second, third] = messages;
        const [old, young] = [below(second, 'old'), below(second, 'young')];
        const end = below(young, 'end');
        for (const added of [messages, [old], [young], [end], [below(old, 'older end')]])
          await store.append(KEY, added);
        const select = async (message: ConversationMessage | undefined) => [
          (await store.select(KEY, message?.id ?? '')) === undefined,
          ...(await contents(store, KEY, { limit: 10 })),
        ];
        assert.deepEqual(await select(third), [false, '0 1 2', false]);
        assert.deepEqual(await select(old), [false, '0 1 old older end', false]);
        assert.deepEqual(await select(young), [false, '0 1 young end', false]);
        assert.deepEqual(await select(third), [false, '0 1 2', false]);
        assert.deepEqual(await select(second), [false, '0 1 young end', false]);
        assert.equal(await store.select(KEY, young.id), end.id);
        assert.deepEqual(await select(undefined), [true, '0 1 young end', false]);
        await store.append(KEY, [below(third, 'on')]);
        assert.deepEqual(await contents(store, KEY, { limit: 10 }), ['0 1 2 on', false]);
      },
    },
    {
      name: 'tells siblings where it is asked for them',
      run: async () => {
        const { store } = await setUp();
        const messages = line(2);
        const again = messageOf('another first one');
        const answers = Array.from({ length: 130 }, (_, index) => below(again, `answer ${index}`));
        await store.append(KEY, messages);
        await store.append(KEY, [again]);
        for (const answer of answers) await store.append(KEY, [answer]);
        const ids = answers.map(({ id }) => id);
        const read = (page: Partial<MessagePageRequest>) => store.read(KEY, { limit: 10, siblings: true, ...page });
        assert.deepEqual((await store.read(KEY, { limit: 1 })).items, answers.slice(-1));
        assert.deepEqual((await read({})).items, [
          { ...again, siblings: [messages[0]?.id, again.id], index: 1 },
          { ...answers.at(-1), siblings: ids.slice(-100), index: 129 },
        ]);
        assert.deepEqual((await read({ leaf: ids[0], limit: 1 })).items, [
          { ...answers[0], siblings: ids.slice(0, 100), index: 0 },
        ]);
        const [middle] = (await read({ leaf: ids[60], limit: 1 })).items;
        assert.equal(middle?.siblings?.length, 100);
        assert.ok(middle.siblings.includes(middle.id));
        assert.deepEqual((await read({ leaf: messages[1]?.id, limit: 1 })).items, messages.slice(1));
      },
    },
    {
      name: 'keeps attachments apart from messages, byte by byte',
      run: async () => {
        const { store } = await setUp();
        const bytes = Uint8Array.from({ length: 70_000 }, (_, index) => index % 256);
        const [image, file, empty, none] = [randomUUID(), randomUUID(), randomUUID(), randomUUID()];
        // The methods of a `Buffer` differ from those of other arrays: its `slice` does not copy.
        const [given, buffer] = [bytes.slice(), Buffer.from(bytes)];
        await store.append(
          KEY,
          [messageOf('look')],
          [
            { id: image, bytes: given },
            { id: file, bytes: buffer },
            { id: empty, bytes: new Uint8Array() },
            { id: none, bytes: Buffer.alloc(0) },
          ],
        );
        given.fill(0);
        buffer.fill(0);
        for (const id of [image, file]) {
          assert.ok(Buffer.from((await store.attachment(KEY, id)) ?? []).equals(bytes));
        }
        for (const id of [empty, none]) assert.equal((await store.attachment(KEY, id))?.length, 0);
        assert.equal(await store.attachment({ owner: 'ann', id: 'other' }, image), undefined);
        assert.equal(await store.attachment({ owner: 'bob', id: 'talk' }, image), undefined);
        await store.delete(KEY);
        assert.equal(await store.attachment(KEY, image), undefined);
      },
    },
    ...conversationListCases(setUp),
    ...conversationBoundCases(setUp),
  ];
}
