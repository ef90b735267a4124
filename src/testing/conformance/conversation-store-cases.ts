import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type {
  ConversationKey,
  ConversationMessage,
  ConversationStore,
  MessagePageRequest,
  PageRequest,
} from '../../conversation/conversation-store.js';
import type { ConformanceCase } from './conformance-case.js';

/** What a store is made with for a case. */
export interface ConversationStoreSettings {
  /** Unix milliseconds. */
  clock: () => number;
}

const KEY: ConversationKey = { owner: 'ann', id: 'talk' };
const NAMES = ['__proto__', 'constructor', 'a b', '漢字', '\ud800', '\ud801', 'a', 'a\0', 'a\0b'];
const TEXTS = ['', '😀', '\ud83d', '\ude00', '\0', 'a\0b', '"\\\u2028\u2029\n', '{"not":"parsed"}', '漢字'];

/**
 * What every {@link ConversationStore} has to do.
 * @param make - gives an empty store.
 */
export function conversationStoreCases(
  make: (settings: ConversationStoreSettings) => ConversationStore | Promise<ConversationStore>,
): ConformanceCase[] {
  /** A store and its clock. */
  async function setUp(): Promise<{ store: ConversationStore; pass: (ms: number) => void }> {
    let at = 1_000_000;
    return { store: await make({ clock: () => at }), pass: (ms) => void (at += ms) };
  }

  return [
    {
      name: 'knows no conversation that never was',
      run: async () => {
        const { store } = await setUp();
        assert.equal(await store.find(KEY), undefined);
        assert.deepEqual(await store.read(KEY, { limit: 10 }), { items: [], hasMore: false });
        assert.deepEqual(await store.list('ann', { limit: 10 }), { items: [], hasMore: false });
        await store.truncate(KEY, randomUUID());
        await store.delete(KEY);
        assert.equal(await store.find(KEY), undefined);
      },
    },
    {
      name: 'gives messages back as they were, in order',
      run: async () => {
        const { store } = await setUp();
        const messages: ConversationMessage[] = [
          messageOf('What is 6 times 7?'),
          {
            ...messageOf(''),
            role: 'assistant',
            toolCalls: [
              { id: 'call 1', name: 'calculator', arguments: '{"expression":"6*7"}' },
              { id: '__proto__', name: 'x', arguments: '{broken' },
            ],
          },
          { ...messageOf('42'), role: 'tool', toolCallId: 'call 1', toolName: 'calculator' },
          { ...messageOf('It is'), role: 'assistant', status: 'cancelled' },
          { ...messageOf('It'), role: 'assistant', status: 'failed' },
          { ...messageOf('I'), role: 'assistant', status: 'interrupted' },
        ];
        store.append(KEY, messages.slice(0, 1));
        store.append(KEY, messages.slice(1, 4));
        store.append(KEY, messages.slice(4));
        assert.deepEqual(await store.read(KEY, { limit: 10 }), { items: messages, hasMore: false });
      },
    },
    {
      name: 'keeps half characters, NUL and whatever else a string can hold',
      run: async () => {
        const { store } = await setUp();
        const messages = TEXTS.map((content): ConversationMessage => ({
          ...messageOf(content),
          role: 'assistant',
          toolCalls: [{ id: content, name: content, arguments: content }],
        }));
        store.append(KEY, messages);
        for (const title of TEXTS) {
          store.update(KEY, { title, metadata: { [title]: title, nested: { list: [title, 1, null, true] } } });
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
        store.update(KEY, { metadata });
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
        const messages = ['x', '漢', '😀'].map((unit) => messageOf(unit.repeat(1_000_000)));
        store.append(KEY, messages);
        assert.deepEqual((await store.read(KEY, { limit: 3 })).items, messages);
      },
    },
    {
      name: 'reads the newest first page by page, each oldest first',
      run: async () => {
        const { store } = await setUp();
        const messages = Array.from({ length: 10 }, (_, index) => messageOf(`${index}`));
        store.append(KEY, messages);
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
        const messages: ConversationMessage[] = [
          messageOf('0'),
          { ...messageOf('1'), role: 'assistant', toolCalls: [call] },
          messageOf('漢字'),
          messageOf('3'),
          messageOf('4'.repeat(20)),
        ];
        store.append(KEY, messages);
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
        store.append(KEY, [messageOf('mine')]);
        store.append(other, [message]);
        assert.deepEqual(await contents(store, KEY, { limit: 4, before: message.id }), ['', false]);
        assert.equal(await store.truncate(KEY, message.id), undefined);
        assert.deepEqual(await contents(store, KEY, { limit: 4 }), ['mine', false]);
        assert.deepEqual(await contents(store, other, { limit: 4 }), ['theirs', false]);
      },
    },
    {
      name: 'truncates from a message on',
      run: async () => {
        const { store } = await setUp();
        const messages = Array.from({ length: 5 }, (_, index) => messageOf(`${index}`));
        store.append(KEY, messages);
        assert.equal(await store.truncate(KEY, randomUUID()), undefined);
        assert.equal((await store.find(KEY))?.messages, 5);
        assert.deepEqual(await store.truncate(KEY, messages[3]?.id ?? ''), messages[3]);
        assert.deepEqual(await contents(store, KEY, { limit: 10 }), ['0 1 2', false]);
        assert.equal((await store.find(KEY))?.messages, 3);
        store.append(KEY, [messageOf('again')]);
        assert.deepEqual(await contents(store, KEY, { limit: 10 }), ['0 1 2 again', false]);
        await store.truncate(KEY, messages[0]?.id ?? '');
        assert.deepEqual(await contents(store, KEY, { limit: 10 }), ['', false]);
        assert.equal((await store.find(KEY))?.messages, 0);
      },
    },
    {
      name: 'finds a conversation and says what it is',
      run: async () => {
        const { store, pass } = await setUp();
        store.append(KEY, [messageOf('a'), messageOf('b')]);
        const info = { id: 'talk', messages: 2, createdAt: 1_000_000, updatedAt: 1_000_000 };
        assert.deepEqual(await store.find(KEY), info);
        pass(5);
        store.append(KEY, [messageOf('c')]);
        assert.deepEqual(await store.find(KEY), { ...info, messages: 3, updatedAt: 1_000_005 });
      },
    },
    {
      name: 'changes what an update names and leaves the rest',
      run: async () => {
        const { store, pass } = await setUp();
        store.update(KEY, { title: 'First' });
        const info = { id: 'talk', messages: 0, createdAt: 1_000_000, updatedAt: 1_000_000 };
        assert.deepEqual(await store.find(KEY), { ...info, title: 'First' });
        pass(1);
        store.update(KEY, { metadata: { a: 1 } });
        assert.deepEqual(await store.find(KEY), { ...info, title: 'First', metadata: { a: 1 }, updatedAt: 1_000_001 });
        store.update(KEY, { title: '', metadata: { b: [] } });
        assert.deepEqual(await store.find(KEY), { ...info, title: '', metadata: { b: [] }, updatedAt: 1_000_001 });
        store.append(KEY, [messageOf('a')]);
        assert.deepEqual((await store.find(KEY))?.metadata, { b: [] });
      },
    },
    {
      name: 'lists the conversation used last first, page by page',
      run: async () => {
        const { store } = await setUp();
        const list = async (page: PageRequest): Promise<readonly [string, boolean]> => {
          const { items, hasMore } = await store.list('ann', page);
          return [items.map(({ id }) => id).join(' '), hasMore];
        };
        for (const id of ['a', 'b', 'c', 'd', 'e']) store.append({ owner: 'ann', id }, [messageOf(id)]);
        assert.deepEqual(await list({ limit: 10 }), ['e d c b a', false]);
        store.append({ owner: 'ann', id: 'b' }, [messageOf('again')]);
        store.update({ owner: 'ann', id: 'd' }, { title: 'd' });
        assert.deepEqual(await list({ limit: 10 }), ['d b e c a', false]);
        assert.deepEqual(await list({ limit: 2 }), ['d b', true]);
        assert.deepEqual(await list({ limit: 2, before: 'b' }), ['e c', true]);
        assert.deepEqual(await list({ limit: 2, before: 'c' }), ['a', false]);
        assert.deepEqual(await list({ limit: 1, before: 'c' }), ['a', false]);
        assert.deepEqual(await list({ limit: 2, before: 'a' }), ['', false]);
        assert.deepEqual(await list({ limit: 2, before: 'unknown' }), ['', false]);
        const { items } = await store.list('ann', { limit: 1 });
        assert.deepEqual(items, [await store.find({ owner: 'ann', id: 'd' })]);
      },
    },
    {
      name: 'deletes a conversation and no other, and takes its id again',
      run: async () => {
        const { store } = await setUp();
        const other = { owner: 'ann', id: 'other' };
        for (const key of [KEY, other]) store.append(key, [messageOf(key.id)]);
        const deletions = await Promise.all([store.delete(KEY), store.delete(KEY)]);
        assert.deepEqual(deletions.sort(), [false, true]);
        assert.equal(await store.find(KEY), undefined);
        assert.deepEqual(await contents(store, KEY, { limit: 10 }), ['', false]);
        assert.deepEqual(await contents(store, other, { limit: 10 }), ['other', false]);
        store.append(KEY, [messageOf('new')]);
        assert.deepEqual(await contents(store, KEY, { limit: 10 }), ['new', false]);
        assert.equal((await store.find(KEY))?.messages, 1);
      },
    },
    {
      name: 'keeps owners and ids apart, whatever they are called',
      run: async () => {
        const { store } = await setUp();
        const keys = NAMES.flatMap((owner) => NAMES.map((id) => ({ owner, id })));
        for (const key of keys) store.append(key, [messageOf(JSON.stringify(key))]);
        for (const key of keys) {
          assert.deepEqual(await contents(store, key, { limit: 10 }), [JSON.stringify(key), false]);
          assert.equal((await store.find(key))?.id, key.id);
        }
        for (const owner of NAMES) {
          const { items } = await store.list(owner, { limit: 100 });
          assert.deepEqual(
            items.map(({ id }) => id),
            [...NAMES].reverse(),
          );
        }
        for (const id of NAMES) await store.delete({ owner: 'a', id });
        assert.deepEqual((await store.list('a', { limit: 100 })).items, []);
        assert.equal((await store.list('a b', { limit: 100 })).items.length, NAMES.length);
      },
    },
    {
      name: 'lets a read see every write before it',
      run: async () => {
        const { store } = await setUp();
        for (let count = 1; count <= 50; count++) {
          const message = messageOf(`${count}`);
          store.append(KEY, [message]);
          const { items } = await store.read(KEY, { limit: 1 });
          assert.deepEqual(items, [message]);
          if (count % 10 === 0) await store.truncate(KEY, message.id);
          if (count % 10 === 0) assert.equal((await store.read(KEY, { limit: 1 })).items[0]?.content, `${count - 1}`);
        }
      },
    },
  ];
}

function messageOf(content: string): ConversationMessage {
  return { id: randomUUID(), role: 'user', content, runId: randomUUID(), createdAt: 1 };
}

async function contents(
  store: ConversationStore,
  key: ConversationKey,
  page: MessagePageRequest,
): Promise<readonly [string, boolean]> {
  const { items, hasMore } = await store.read(key, page);
  return [items.map(({ content }) => content).join(' '), hasMore];
}
