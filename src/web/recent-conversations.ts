import { readKeptList, writeKept } from './kept.js';

const NAME = 'conversations';
const MAX_KEPT = 12;

/** A conversation as the page remembers it. */
export interface Recent {
  readonly id: string;
  readonly title: string;
}

/** The conversations this browser had last, newest first. */
export class RecentConversations {
  get all(): readonly Recent[] {
    return readKeptList('localStorage', NAME, isRecent);
  }

  /** Puts one first. */
  keep(recent: Recent): void {
    this.#write([recent, ...this.#without(recent.id)].slice(0, MAX_KEPT));
  }

  forget(id: string): void {
    this.#write(this.#without(id));
  }

  #without(id: string): readonly Recent[] {
    return this.all.filter((recent) => recent.id !== id);
  }

  #write(recents: readonly Recent[]): void {
    writeKept('localStorage', NAME, JSON.stringify(recents));
  }
}

function isRecent(value: unknown): value is Recent {
  const { id, title } = (value ?? {}) as Partial<Recent>;
  return typeof id === 'string' && typeof title === 'string';
}
