import assert from 'node:assert/strict';
import type { ConversationStore } from '../../store/conversation-store.js';
import type { ConformanceCase } from './conformance-case.js';
import { contents, line, messageOf } from './conversation-samples.js';

/** A new store with these bounds. */
export type SetUpBounds = (bounds: {
  maxConversationBytes?: number;
  maxOwnerConversationBytes?: number;
}) => Promise<{ store: ConversationStore }>;

const TEXT = 'x'.repeat(10_000);

/** Cases for the bounds on conversations. */
export function conversationBoundCases(setUp: SetUpBounds): ConformanceCase[] {
  return [
    {
      name: 'removes what an owner changed longest ago over the bound of one owner',
      run: async () => {
        const { store } = await setUp({ maxOwnerConversationBytes: 40_000 });
        await add(store, 'bob', 'of bob');
        for (const id of ['a', 'b', 'c']) await add(store, 'ann', id);
        await add(store, 'ann', 'a', '');
        await add(store, 'ann', 'd');
        assert.deepEqual(await ids(store, 'ann'), ['d', 'a', 'c']);
        await store.update({ owner: 'ann', id: 'e' }, { metadata: { text: TEXT + TEXT } });
        assert.deepEqual(await ids(store, 'ann'), ['e', 'd']);
        assert.deepEqual(await contents(store, { owner: 'ann', id: 'a' }, { limit: 10 }), ['', false]);
        assert.deepEqual(await ids(store, 'bob'), ['of bob']);
      },
    },
    {
      name: 'takes nothing from an owner that holds less than others, whatever they write',
      run: async () => {
        const { store } = await setUp({ maxConversationBytes: 100_000 });
        await add(store, 'ann', 'kept');
        for (let count = 0; count < 200; count++) {
          await store.update({ owner: 'bob', id: `${count}` }, { metadata: { text: TEXT } });
        }
        for (let count = 0; count < 200; count++) await add(store, 'bob', 'one');
        assert.deepEqual(await contents(store, { owner: 'ann', id: 'kept' }, { limit: 10 }), [TEXT, false]);
        for (let count = 0; count < 50; count++) await add(store, 'bob', `again ${count}`);
        const left = await ids(store, 'bob');
        assert(left.length >= 5 && left.length <= 9, `${left.length} are left`);
        assert.equal(left[0], 'again 49');
        assert.deepEqual(await ids(store, 'ann'), ['kept']);
      },
    },
    {
      name: 'takes nothing from an owner if many owners count as one, however many they are',
      run: async () => {
        const { store } = await setUp({ maxConversationBytes: 100_000 });
        for (const id of ['a', 'b', 'c']) await add(store, 'ann', id);
        for (let count = 0; count < 100; count++) {
          const key = { owner: `made up ${count}`, id: 'x', payer: 'script' };
          await store.append(key, [messageOf(TEXT)]);
          await store.update({ ...key, payer: `elsewhere ${count}` }, { title: 'the payer of the first write counts' });
        }
        assert.deepEqual(await ids(store, 'ann'), ['c', 'b', 'a']);
        assert.deepEqual(await ids(store, 'made up 99'), ['x']);
        assert.deepEqual(await ids(store, 'made up 90'), []);
      },
    },
    {
      name: 'counts titles, metadata and attachments, and what a conversation takes without any',
      run: async () => {
        const { store } = await setUp({ maxOwnerConversationBytes: 50_000 });
        for (let count = 0; count < 1_000; count++) await store.update({ owner: 'ann', id: `${count}` }, {});
        assert((await ids(store, 'ann')).length < 300);
        await store.update({ owner: 'ann', id: 'title' }, { title: TEXT + TEXT });
        const attachments = [{ id: 'file', bytes: new Uint8Array(25_000) }];
        await store.append({ owner: 'ann', id: 'attached' }, [messageOf('')], attachments);
        assert.deepEqual((await ids(store, 'ann')).slice(0, 2), ['attached', 'title']);
        assert((await ids(store, 'ann')).length < 20);
        await store.update({ owner: 'ann', id: 'last' }, { metadata: { text: TEXT } });
        assert.deepEqual(await ids(store, 'ann'), ['last', 'attached']);
      },
    },
    {
      name: 'counts again what was changed and deleted',
      run: async () => {
        const { store } = await setUp({ maxConversationBytes: 60_000 });
        await add(store, 'ann', 'kept', '');
        const key = { owner: 'ann', id: 'other' };
        for (let round = 0; round < 20; round++) {
          await store.append(key, [messageOf(TEXT)], [{ id: 'file', bytes: new Uint8Array(20_000) }]);
          await store.delete(key);
          await store.update(key, { title: TEXT + TEXT + TEXT });
          await store.update(key, { title: '' });
        }
        assert.deepEqual(await ids(store, 'ann'), ['other', 'kept']);
      },
    },
    {
      name: 'gives a new conversation nothing of a long one that was deleted before it',
      run: async () => {
        const { store } = await setUp({});
        await store.append({ owner: 'ann', id: 'long' }, line(400), [{ id: 'file', bytes: new Uint8Array(9) }]);
        await store.delete({ owner: 'ann', id: 'long' });
        for (const id of ['long', 'other']) {
          await add(store, 'ann', id, 'new');
          assert.deepEqual(await contents(store, { owner: 'ann', id }, { limit: 10 }), ['new', false]);
          assert.equal(await store.attachment({ owner: 'ann', id }, 'file'), undefined);
        }
      },
    },
    {
      name: 'removes one that is too large by itself',
      run: async () => {
        const { store } = await setUp({ maxConversationBytes: 40_000 });
        await add(store, 'ann', 'large', TEXT.repeat(10));
        assert.deepEqual(await ids(store, 'ann'), []);
        await add(store, 'ann', 'small');
        assert.deepEqual(await ids(store, 'ann'), ['small']);
      },
    },
  ];
}

async function add(store: ConversationStore, owner: string, id: string, content = TEXT): Promise<void> {
  await store.append({ owner, id }, [messageOf(content)]);
}

/** The ids of an owner's conversations, the last changed first. */
async function ids(store: ConversationStore, owner: string): Promise<string[]> {
  return (await store.list(owner, { limit: 1_000 })).items.map(({ id }) => id);
}
