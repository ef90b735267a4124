/** What can be found on the page. */
export interface Entry {
  readonly name: string;
  readonly about: string;
  /** The id of its place. */
  readonly place: string;
}

/** Entries that hold every word, those first whose name begins with the query. */
export function find(entries: readonly Entry[], query: string): Entry[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const found = entries.filter(({ name, about }) => {
    const text = `${name} ${about}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
  const rank = ({ name }: Entry): number => {
    const lower = name.toLowerCase();
    const word = words[0] ?? '';
    if (lower === word) return 0;
    return lower.startsWith(word) ? 1 : lower.includes(word) ? 2 : 3;
  };
  return found.sort((a, b) => rank(a) - rank(b));
}
