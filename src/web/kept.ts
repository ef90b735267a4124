/** For this browser, or for as long as the tab lives. */
export type KeptIn = 'localStorage' | 'sessionStorage';

/** Reads what was kept under a name. Storage may be forbidden; then there is nothing. */
export function readKept(area: KeptIn, name: string): string | undefined {
  try {
    return window[area].getItem(`agent-ws.${name}`) ?? undefined;
  } catch {
    return undefined;
  }
}

/** Keeps a text under a name. */
export function writeKept(area: KeptIn, name: string, text: string): void {
  try {
    window[area].setItem(`agent-ws.${name}`, text);
  } catch {
    // Private mode, or storage is full: nothing to do about it.
  }
}

/** Reads a kept list, without what is none of its kind. */
export function readKeptList<T>(area: KeptIn, name: string, isOne: (value: unknown) => value is T): readonly T[] {
  try {
    const kept: unknown = JSON.parse(readKept(area, name) ?? '[]');
    return Array.isArray(kept) ? kept.filter(isOne) : [];
  } catch {
    return [];
  }
}
