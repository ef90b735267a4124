import type { TextType } from '../../protocol/encode.js';
import { TERMINAL_TYPES, type RunState } from '../../protocol/server-messages.js';
import type { MessageEntry, RunEntry } from '../../log/run-log.js';
import { isFinal } from '../../store/run-state.js';

/** An entry as it is stored: type, time, and text or message. JSON, since it keeps halves of characters. */
export type StoredEntry = readonly [type: string, timestamp: number, content: unknown];

/** The text that is stored of an entry. */
export function encodeEntry(entry: RunEntry): string {
  const content = 'encoded' in entry ? entry.encoded : JSON.stringify(entry.content);
  return `["${entry.type}",${entry.timestamp},${content}]`;
}

/** The entry of a text that is stored. */
export function decodeEntry(body: string, seq: number): RunEntry {
  return toEntry(JSON.parse(body) as StoredEntry, seq);
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
export function stateWith(state: RunState, newest: string | null): RunState {
  if (newest === null || isFinal(state)) return state;
  return stateOf(JSON.parse(newest) as StoredEntry) ?? state;
}
