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

it('drops the conversations not used for the longest time over maxConversationBytes', () => {
  const store = new MemoryConversationStore({ maxConversationBytes: 40_000 });
  store.append({ owner: 'ann', id: 'a' }, [messageOf(10_000)]);
  store.append({ owner: 'bob', id: 'b' }, [messageOf(10_000)]);
  store.append({ owner: 'ann', id: 'c' }, [messageOf(10_000)]);
  expect(left(store)).toBe('abc');
  // Read or written, it is used.
  store.read({ owner: 'ann', id: 'a' }, { limit: 1 });
  store.append({ owner: 'ann', id: 'd' }, [messageOf(10_000)]);
  expect(left(store)).toBe('acd');
  store.update({ owner: 'ann', id: 'e' }, { metadata: { a: 'x'.repeat(15_000) } });
  expect(left(store)).toBe('ade');
});

it('drops one that is too large by itself', () => {
  const store = new MemoryConversationStore({ maxConversationBytes: 40_000 });
  store.append({ owner: 'ann', id: 'a' }, [messageOf(100_000)]);
  expect(left(store)).toBe('');
});

it('counts again what was changed and deleted', () => {
  const store = new MemoryConversationStore({ maxConversationBytes: 40_000 });
  store.append({ owner: 'ann', id: 'kept' }, [messageOf(10)]);
  const key = { owner: 'ann', id: 'other' };
  for (let round = 0; round < 20; round++) {
    store.append(key, [messageOf(10_000)], [{ id: 'attachment', bytes: new Uint8Array(20_000) }]);
    store.delete(key);
    store.update(key, { title: 'x'.repeat(30_000) });
    store.update(key, { title: '' });
  }
  expect(left(store)).toBe('keptother');
});

it('names an option that breaks its rule', () => {
  expect(() => new MemoryConversationStore({ maxConversationBytes: -1 })).toThrow(
    'Option "maxConversationBytes" must be a number of at least 0, received -1',
  );
});
