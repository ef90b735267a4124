const PATTERN: readonly unknown[] = [undefined];

/**
 * A list of one item that soon has no use any more. V8 makes lists of a literal, `[item]`, in its old generation once it has
 * seen some of them live long: there each one that is dead holds its item until the next collection of the whole heap. A copy
 * is always young; `Array.of` is, too, and takes ten times as long.
 */
export function listOf<Item>(item: Item): Item[] {
  const list = PATTERN.slice() as Item[];
  list[0] = item;
  return list;
}
