/** The known name that was probably meant; `undefined` if none is similar. */
export function nearest(name: string, known: Iterable<string>): string | undefined {
  const wanted = plain(name);
  let best: string | undefined;
  // At most a third of the letters may be wrong: more would be a guess.
  let least = Math.max(1, Math.floor(wanted.length / 3)) + 1;
  for (const candidate of known) {
    const other = plain(candidate);
    const added = Math.abs(other.length - wanted.length);
    // A unit or a word is missing or superfluous: `drain` for `drainMs`.
    const isPart = added <= wanted.length / 2 && (other.startsWith(wanted) || wanted.startsWith(other));
    if (added >= least && !isPart) continue;
    const distance = isPart ? Math.min(added, 1) : editDistance(wanted, other);
    if (distance >= least) continue;
    least = distance;
    best = candidate;
  }
  return best;
}

/** The name without case and separators. */
function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[_\s.-]/g, '');
}

/** Number of letters to add, remove, replace or swap with their neighbour (optimal string alignment). */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let cost = Math.min((previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, replaced);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        cost = Math.min(cost, (before[j - 2] ?? 0) + 1);
      }
      row.push(cost);
    }
    before = previous;
    previous = row;
  }
  return previous[b.length] ?? 0;
}
