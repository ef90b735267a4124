/** For this browser, or for as long as the tab lives. */
type KeptIn = 'localStorage' | 'sessionStorage';

/** Reads what was kept under a name. Storage may be forbidden; then there is nothing. */
export function readKept(area: KeptIn, name: string): string | undefined {
  try {
    return window[area].getItem(`agent-ws.${name}`) ?? undefined;
  } catch {
    return undefined;
  }
}

/** Keeps a text under a name; without a text what was kept is forgotten. */
export function writeKept(area: KeptIn, name: string, text?: string): void {
  try {
    if (text === undefined) window[area].removeItem(`agent-ws.${name}`);
    else window[area].setItem(`agent-ws.${name}`, text);
  } catch {
    // Private mode, or the storage is full.
  }
}

/** Reads a kept list, without the entries of another shape. */
export function readKeptList<T>(area: KeptIn, name: string, isOne: (value: unknown) => value is T): readonly T[] {
  try {
    const kept: unknown = JSON.parse(readKept(area, name) ?? '[]');
    return Array.isArray(kept) ? kept.filter(isOne) : [];
  } catch {
    return [];
  }
}

/** Reads a kept choice out of the allowed ones. */
export function readChoice<T extends string>(name: string, allowed: readonly T[]): T | undefined {
  const kept = readKept('localStorage', name);
  return allowed.find((value) => value === kept);
}
