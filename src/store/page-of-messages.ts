import { LIMITS } from '../protocol/version.js';
import type { BranchMessage, ConversationMessage, MessagePageRequest, Page } from './conversation-store.js';

/**
 * Takes a page of messages from `newestFirst` one by one, so that a conversation of any size needs no more memory than
 * the page.
 */
export function pageOfMessages<T extends ConversationMessage>(
  newestFirst: Iterable<T>,
  { limit, maxLength = Infinity }: MessagePageRequest,
): Page<T> {
  const items: T[] = [];
  let length = 0;
  for (const message of newestFirst) {
    length += lengthOf(message);
    const fits = length <= maxLength || items.length === 0;
    if (items.length >= limit || !fits) return { items: items.reverse(), hasMore: true };
    items.push(message);
  }
  return { items: items.reverse(), hasMore: false };
}

/** The siblings of a message, including itself; empty if it is the only one. */
export function siblingsOf(id: string, ids: readonly string[]): Pick<BranchMessage, 'siblings' | 'index'> {
  if (ids.length < 2) return {};
  const index = ids.indexOf(id);
  const from = Math.max(0, Math.min(index - LIMITS.siblings / 2, ids.length - LIMITS.siblings));
  return { siblings: ids.slice(from, from + LIMITS.siblings), index };
}

/** Length of the texts of a message, in UTF-16 units. */
export function lengthOf({ content, reasoning = '', data, toolCalls = [], providerData }: ConversationMessage): number {
  const fixed = content.length + reasoning.length + jsonLength(data) + jsonLength(providerData);
  return toolCalls.reduce((sum, call) => sum + call.arguments.length + jsonLength(call.providerData), fixed);
}

function jsonLength(value: unknown): number {
  return value === undefined ? 0 : JSON.stringify(value).length;
}
