import { readKeptList, writeKept } from '../ui/kept.js';

/** What only the tab knows that asked: the ids of its runs, and the single questions that it reads on. */
type OfTab = 'own-runs' | 'loose-runs';

const ALL: readonly OfTab[] = ['own-runs', 'loose-runs'];

// A tab that is opened from another one begins with a copy of its session storage: the token carries on, while the runs are
// those of the other tab. The name of a window is not copied, and stays after a reload.
if (window.name === '') {
  window.name = 'agent-ws';
  if (window.opener !== null) for (const name of ALL) writeKept('sessionStorage', name);
}

/** Reads what this tab kept, and not the one that it was opened from. */
export function readOfTab<T>(name: OfTab, isOne: (value: unknown) => value is T): readonly T[] {
  return readKeptList('sessionStorage', name, isOne);
}

/** Keeps it until the tab is closed. */
export function writeOfTab(name: OfTab, list: readonly unknown[]): void {
  writeKept('sessionStorage', name, JSON.stringify(list));
}
