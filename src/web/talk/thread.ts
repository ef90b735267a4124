import { uuid } from '../../client/ids.js';
import { readChoice, readKeptList, writeKept } from '../ui/kept.js';
import { Value } from '../ui/signal.js';

/** The conversation of the page: without an id every question stands alone. */
interface Thread {
  readonly id: string | undefined;
  /** Whether there is something in it: then it stands in the address. */
  readonly hasBegun: boolean;
}

/** A conversation as this browser remembers it. */
export interface Recent {
  readonly id: string;
  readonly title: string;
}

const NAME = 'conversation';
const MAX_RECENT = 12;
const MAX_TITLE = 80;

export const thread = new Value<Thread>(first());
/** The conversations of this browser, the one used last first. */
export const recents = new Value(readKeptList('localStorage', 'conversations', isRecent));

addEventListener('hashchange', () => {
  const id = readAddress();
  if (id !== undefined) openThread(id);
  // The links that skip parts of the page take the place of the id.
  else writeAddress(thread.value);
});

/** Goes to a conversation, to a new one without an id. */
export function openThread(id?: string): void {
  writeKept('localStorage', NAME, 'on');
  if (id === undefined || id !== thread.value.id) move({ id: id ?? uuid(), hasBegun: id !== undefined });
}

/** Leaves every conversation: questions stand alone. */
export function leaveThread(): void {
  writeKept('localStorage', NAME, 'off');
  move({ id: undefined, hasBegun: false });
}

/** Something is in the conversation, or another tab shows it: it is kept in the address and among the recent ones. */
export function beginThread(id: string, title: string | undefined): void {
  if (thread.value.id === id) move({ id, hasBegun: true });
  const known = recents.value.find((recent) => recent.id === id);
  const kept = { id, title: (title ?? known?.title ?? '').slice(0, MAX_TITLE) };
  if (known === undefined || known.title !== kept.title || recents.value[0] !== known)
    writeRecents([kept, ...without(id)]);
}

export function forgetThread(id: string): void {
  writeRecents(without(id));
}

/** The address of the page with a conversation: behind the `#`, which no browser sends, since its id is a secret. */
export function threadAddress(id: string): string {
  const url = new URL(location.href);
  url.hash = new URLSearchParams({ [NAME]: id }).toString();
  return url.href;
}

function first(): Thread {
  const id = readAddress();
  if (id !== undefined) return { id, hasBegun: true };
  return { id: readChoice(NAME, ['on', 'off']) === 'off' ? undefined : uuid(), hasBegun: false };
}

function move(next: Thread): void {
  const { id, hasBegun } = thread.value;
  if (next.id !== id || next.hasBegun !== hasBegun) thread.value = next;
  writeAddress(next);
}

function readAddress(): string | undefined {
  return new URLSearchParams(location.hash.slice(1)).get(NAME) || undefined;
}

function writeAddress({ id, hasBegun }: Thread): void {
  const url = new URL(id === undefined || !hasBegun ? location.href : threadAddress(id));
  if (id === undefined || !hasBegun) url.hash = '';
  if (url.href !== location.href) history.replaceState(null, '', url);
}

function without(id: string): readonly Recent[] {
  return recents.value.filter((recent) => recent.id !== id);
}

function writeRecents(list: readonly Recent[]): void {
  recents.value = list.slice(0, MAX_RECENT);
  writeKept('localStorage', 'conversations', JSON.stringify(recents.value));
}

function isRecent(value: unknown): value is Recent {
  const { id, title } = (value ?? {}) as Partial<Recent>;
  return typeof id === 'string' && typeof title === 'string';
}
