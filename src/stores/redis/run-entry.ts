import type { TextType } from '../../protocol/encode.js';
import { TERMINAL_TYPES, type RunState } from '../../protocol/server-messages.js';
import type { MessageEntry, RunEntry } from '../../log/run-log.js';
import { isFinal } from '../../store/run-state.js';
import type { Signer } from '../../store/signer.js';

/** An entry as it is stored: type, time, and text or message. JSON, since it keeps halves of characters. */
export type StoredEntry = readonly [type: string, timestamp: number, content: unknown, signature?: string];

/**
 * The text that is stored of an entry, with a signature at its end if the cluster signs.
 * @param key - hash of owner and id of the run
 */
export function encodeEntry(entry: RunEntry, key: string, signer: Signer): string {
  const body = bodyOf(entry);
  if (!signer.isActive) return body;
  return [body.slice(0, -1), ',"', signer.sign('entry', `${key} ${entry.seq}`, body), '"]'].join('');
}

function bodyOf(entry: RunEntry): string {
  const { type, timestamp } = entry;
  const content = 'encoded' in entry ? entry.encoded : JSON.stringify(entry.content);
  return `["${type}",${timestamp},${content}]`;
}

/** Whether a node of the cluster has written an entry, at this place. If not, it must be dropped. */
export function isOurs(
  [type, timestamp, content, signature]: StoredEntry,
  key: string,
  seq: number,
  signer: Signer,
): boolean {
  if (!signer.isActive) return true;
  const body = JSON.stringify([type, timestamp, content]);
  return signer.accepts('entry', `${key} ${seq}`, body, String(signature));
}

/**
 * The entry of a text that is stored.
 * @throws if no node of the cluster has written it
 */
export function decodeEntry(text: string, key: string, seq: number, signer: Signer): RunEntry {
  const entry = JSON.parse(text) as StoredEntry;
  if (!isOurs(entry, key, seq, signer)) throw new Error('An entry of a log is not signed with a secret of the cluster');
  return toEntry(entry, seq);
}

/** The entry of a text that is stored, when it is parsed. */
export function toEntry([type, timestamp, content]: StoredEntry, seq: number): RunEntry {
  if (typeof content === 'string') return { type: type as TextType, seq, timestamp, content };
  return { type: type as MessageEntry['type'], seq, timestamp, encoded: JSON.stringify(content) };
}

/** The final state that the last entry of a log tells; `undefined` if it is not the end. */
export function stateOf([type, , content]: StoredEntry): RunState | undefined {
  if (!TERMINAL_TYPES.has(type)) return undefined;
  if (type === 'cancelled') return 'cancelled';
  if (type !== 'error') return 'finished';
  return (content as { code?: unknown }).code === 'run_interrupted' ? 'interrupted' : 'failed';
}

/** The state of a run, if its end may be in the log and not yet in the record. */
export function stateWith(state: RunState, newest: StoredEntry | undefined): RunState {
  if (newest === undefined || isFinal(state)) return state;
  return stateOf(newest) ?? state;
}
