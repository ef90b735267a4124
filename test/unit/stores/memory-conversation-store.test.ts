import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { type ConversationMessage } from '../../../src/index.js';
import { MemoryConversationStore } from '../../../src/stores/memory/memory-conversation-store.js';

function messageOf(length: number): ConversationMessage {
  return { id: randomUUID(), role: 'user', content: 'x'.repeat(length), runId: randomUUID(), createdAt: 1 };
}

/** The ids of the conversations left, in order of their names. */
function left(store: MemoryConversationStore): string {
  const infos = [...store.list('ann', { limit: 100 }).items, ...store.list('bob', { limit: 100 }).items];
  return infos
    .map(({ id }) => id)
    .sort()
    .join('');
}

it('counts a read as a use', () => {
  const store = new MemoryConversationStore({ maxConversationBytes: 40_000 });
  for (const id of ['a', 'b', 'c']) store.append({ owner: 'ann', id }, [messageOf(10_000)]);
  store.read({ owner: 'ann', id: 'a' }, { limit: 1 });
  store.append({ owner: 'ann', id: 'd' }, [messageOf(10_000)]);
  expect(left(store)).toBe('acd');
});

it('counts two bytes for each character of a text with one that is wide', () => {
  const store = new MemoryConversationStore({ maxConversationBytes: 40_000 });
  for (const id of ['a', 'b', 'c'])
    store.append({ owner: 'ann', id }, [{ ...messageOf(9_999), content: `€${'x'.repeat(9_999)}` }]);
  expect(left(store)).toBe('c');
});

it('holds no more of a buffer than the attachment in it', () => {
  const store = new MemoryConversationStore();
  const key = { owner: 'ann', id: 'a' };
  const large = Buffer.alloc(10_000, 'x');
  store.append(
    key,
    [],
    [
      { id: 'buffer', bytes: large.subarray(0, 4) },
      { id: 'array', bytes: new Uint8Array(large.buffer, 4, 4) },
    ],
  );
  for (const id of ['buffer', 'array']) expect(store.attachment(key, id)?.buffer.byteLength, id).toBe(4);
});

it('names an option that breaks its rule', () => {
  expect(() => new MemoryConversationStore({ maxConversationBytes: -1 })).toThrow(
    'Option "maxConversationBytes" must be a number of at least 0, received -1',
  );
});
