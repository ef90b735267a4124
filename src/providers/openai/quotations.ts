import type { LlmMessage } from '../../agent/llm-provider.js';

/** How many consecutive letters and digits a text shares with the conversation to count as a quotation. */
const QUOTED = { latin: 12, other: 4 } as const;
/** How much of the conversation is compared, in characters, the newest first. */
const MAX_CONVERSATION = 256 * 1024;
const MASK = '[…]';

/**
 * Removes what a text quotes of a conversation. Only letters and digits are compared, since quotations come escaped,
 * wrapped and cut.
 */
export function withoutQuotations(text: string, messages: readonly LlmMessage[]): string {
  const plain = unescaped(text);
  const spelling = spell(plain);
  if (spelling.letters === '') return plain;
  const hidden = new Uint8Array(plain.length);
  let left = MAX_CONVERSATION;
  for (const said of saidIn(messages)) {
    if (left <= 0) break;
    const { letters } = spell(said.slice(0, left));
    left -= said.length;
    hideWhole(letters, spelling, hidden);
    hideRuns(letters, spelling, hidden, QUOTED.latin, /./);
    // A few Chinese characters say as much as a phrase.
    hideRuns(letters, spelling, hidden, QUOTED.other, /^[^\0-\u024f]+$/);
  }
  return masked(plain, hidden);
}

/** What people, tools and models said. System prompts are left out: they are the operator's, and so is the log. */
function* saidIn(messages: readonly LlmMessage[]): Generator<string> {
  for (let at = messages.length - 1; at >= 0; at--) {
    const message = messages[at];
    if (message === undefined || message.role === 'system') continue;
    yield message.content;
    if (message.role === 'user') for (const { name } of message.attachments ?? []) yield name ?? '';
    if (message.role !== 'assistant') continue;
    yield message.reasoning ?? '';
    for (const call of message.toolCalls ?? []) yield call.arguments;
  }
}

/** Letters and digits of a text in lower case, with their positions. */
interface Spelling {
  readonly letters: string;
  readonly places: readonly number[];
  readonly text: string;
}

function spell(text: string): Spelling {
  const letters: string[] = [];
  const places: number[] = [];
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at);
    if (!isLetter(character)) continue;
    const lower = character.toLowerCase();
    letters.push(lower.length === 1 ? lower : character);
    places.push(at);
  }
  return { letters: letters.join(''), places, text };
}

function isLetter(character: string): boolean {
  return /[\p{L}\p{N}]/u.test(character) || (character >= '\ud800' && character <= '\udfff');
}

/** Undoes the escapes of JSON and Python, such as `\n`, `\u4f60`. */
function unescaped(text: string): string {
  return text
    .replace(/\\u([0-9a-f]{4})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
    .replace(/\\[nrt]/g, ' ');
}

/** Hides a short message only if it stands alone. */
function hideWhole(said: string, { letters, places, text }: Spelling, hidden: Uint8Array): void {
  if (said.length < 2 || said.length >= QUOTED.latin) return;
  for (let at = letters.indexOf(said); at !== -1; at = letters.indexOf(said, at + 1)) {
    const from = places[at] ?? 0;
    const to = (places[at + said.length - 1] ?? 0) + 1;
    if (isLetter(text.charAt(from - 1)) || isLetter(text.charAt(to))) continue;
    hidden.fill(1, from, to);
  }
}

function hideRuns(said: string, spelling: Spelling, hidden: Uint8Array, length: number, kind: RegExp): void {
  const { letters, places } = spelling;
  const known = new Map<string, number[]>();
  for (let at = 0; at + length <= letters.length; at++) {
    const run = letters.slice(at, at + length);
    if (!kind.test(run)) continue;
    const before = known.get(run);
    if (before === undefined) known.set(run, [at]);
    else before.push(at);
  }
  if (known.size === 0) return;
  for (let at = 0; at + length <= said.length; at++) {
    const run = said.slice(at, at + length);
    const found = known.get(run);
    if (found === undefined) continue;
    for (const place of found) hidden.fill(1, places[place], (places[place + length - 1] ?? 0) + 1);
    known.delete(run);
  }
}

function masked(text: string, hidden: Uint8Array): string {
  let result = '';
  for (let at = 0; at < text.length; at++) {
    if (hidden[at] === 0) result += text.charAt(at);
    else if (hidden[at - 1] !== 1) result += MASK;
  }
  return result;
}
