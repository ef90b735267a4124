import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type {
  ConversationKey,
  ConversationMessage,
  ConversationStore,
  MessagePageRequest,
} from '../../store/conversation-store.js';

export const KEY: ConversationKey = { owner: 'ann', id: 'talk' };
export const NAMES = ['__proto__', 'constructor', 'a b', '漢字', '\ud800', '\ud801', 'a', 'a\0', 'a\0b'];

export function messageOf(content: string): ConversationMessage {
  return { id: randomUUID(), role: 'user', content, runId: randomUUID(), createdAt: 1 };
}

/** Messages of which each follows the one before it. */
export function chain(messages: readonly ConversationMessage[]): ConversationMessage[] {
  return messages.map((message, index) => {
    const parent = messages[index - 1];
    return parent === undefined ? message : { ...message, parentId: parent.id };
  });
}

export function line(length: number): ConversationMessage[] {
  return chain(Array.from({ length }, (_, index) => messageOf(`${index}`)));
}

export function below(parent: ConversationMessage | undefined, content: string): ConversationMessage {
  assert.ok(parent);
  return { ...messageOf(content), parentId: parent.id };
}

export async function contents(
  store: ConversationStore,
  key: ConversationKey,
  page: MessagePageRequest,
): Promise<readonly [string, boolean]> {
  const { items, hasMore } = await store.read(key, page);
  return [items.map(({ content }) => content).join(' '), hasMore];
}
