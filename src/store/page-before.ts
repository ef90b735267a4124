import type { Page, PageRequest } from './conversation-store.js';

/** The last `limit` items before the one with the id `before`, in their order. */
export function pageBefore<T>(items: readonly T[], { limit, before }: PageRequest, idOf: (item: T) => string): Page<T> {
  const end = before === undefined ? items.length : items.findLastIndex((item) => idOf(item) === before);
  const start = Math.max(0, end - limit);
  return { items: items.slice(start, Math.max(0, end)), hasMore: start > 0 };
}
