/** Maximum number of names in one sentence. */
const MAX_NAMES = 20;

/** Names as part of a sentence; only the first ones if there are many. */
export function listed(names: readonly string[]): string {
  const told = names.slice(0, MAX_NAMES).map((name) => JSON.stringify(name));
  const left = names.length - told.length;
  return left > 0 ? `${told.join(', ')} and ${left} more` : told.join(', ');
}
