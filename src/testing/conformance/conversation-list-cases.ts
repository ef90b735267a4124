import assert from 'node:assert/strict';
import type { ConversationStore, PageRequest } from '../../store/conversation-store.js';
import type { ConformanceCase } from './conformance-case.js';
import { contents, KEY, messageOf, NAMES } from './conversation-samples.js';

/** A new store, and its clock. */
export type SetUp = () => Promise<{ store: ConversationStore; pass: (ms: number) => void }>;

/** Cases for the list of conversations, and for keys of any kind. */
export function conversationListCases(setUp: SetUp): ConformanceCase[] {
  return [
    {
      name: 'finds a conversation and says what it is',
      run: async () => {
        const { store, pass } = await setUp();
        await store.append(KEY, [messageOf('a'), messageOf('b')]);
        const info = { id: 'talk', messages: 2, createdAt: 1_000_000, updatedAt: 1_000_000 };
        assert.deepEqual(await store.find(KEY), info);
        pass(5);
        await store.append(KEY, [messageOf('c')]);
        assert.deepEqual(await store.find(KEY), { ...info, messages: 3, updatedAt: 1_000_005 });
      },
    },
    {
      name: 'changes what an update names and leaves the rest',
      run: async () => {
        const { store, pass } = await setUp();
        await store.update(KEY, { title: 'First' });
        const info = { id: 'talk', messages: 0, createdAt: 1_000_000, updatedAt: 1_000_000 };
        assert.deepEqual(await store.find(KEY), { ...info, title: 'First' });
        pass(1);
        await store.update(KEY, { metadata: { a: 1 } });
        assert.deepEqual(await store.find(KEY), { ...info, title: 'First', metadata: { a: 1 }, updatedAt: 1_000_001 });
        await store.update(KEY, { title: '', metadata: { b: [] } });
        assert.deepEqual(await store.find(KEY), { ...info, title: '', metadata: { b: [] }, updatedAt: 1_000_001 });
        await store.append(KEY, [messageOf('a')]);
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
        for (const id of ['a', 'b', 'c', 'd', 'e']) await store.append({ owner: 'ann', id }, [messageOf(id)]);
        assert.deepEqual(await list({ limit: 10 }), ['e d c b a', false]);
        await store.append({ owner: 'ann', id: 'b' }, [messageOf('again')]);
        await store.update({ owner: 'ann', id: 'd' }, { title: 'd' });
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
        for (const key of [KEY, other]) await store.append(key, [messageOf(key.id)]);
        const deletions = await Promise.all([store.delete(KEY), store.delete(KEY)]);
        assert.deepEqual(deletions.sort(), [false, true]);
        assert.equal(await store.find(KEY), undefined);
        assert.deepEqual(await contents(store, KEY, { limit: 10 }), ['', false]);
        assert.deepEqual(await contents(store, other, { limit: 10 }), ['other', false]);
        await store.append(KEY, [messageOf('new')]);
        assert.deepEqual(await contents(store, KEY, { limit: 10 }), ['new', false]);
        assert.equal((await store.find(KEY))?.messages, 1);
      },
    },
    {
      name: 'keeps owners and ids apart, whatever they are called',
      run: async () => {
        const { store } = await setUp();
        const keys = NAMES.flatMap((owner) => NAMES.map((id) => ({ owner, id })));
        for (const key of keys) await store.append(key, [messageOf(JSON.stringify(key))]);
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
        const first = messageOf('first');
        await store.append(KEY, [first]);
        for (let count = 1; count <= 50; count++) {
          const message = messageOf(`${count}`);
          await store.append(KEY, [message]);
          const { items } = await store.read(KEY, { limit: 1 });
          assert.deepEqual(items, [message]);
          assert.deepEqual(await store.message(KEY, message.id), message);
          assert.equal(await store.select(KEY, first.id), first.id);
          assert.deepEqual((await store.read(KEY, { limit: 1 })).items, [first]);
        }
      },
    },
  ];
}
