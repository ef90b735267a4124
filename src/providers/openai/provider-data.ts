import type { JsonObject } from '../../tool/llm-tool.js';
import type { LlmAssistantMessage } from '../../agent/llm-provider.js';

/**
 * What servers want back with an assistant's message, field by field; every other field stays where it is, so that no
 * server sees one it does not know.
 */
const LISTS = ['reasoning_details', 'thinking_blocks'] as const;
/** The same with a tool call: Gemini's thought signatures, also through LiteLLM. */
const OF_CALLS = ['extra_content', 'provider_specific_fields'] as const;
/** Says under which name the reasoning came; the text itself is the message's. */
const REASONING_FIELD = 'reasoning_field';
/** More characters are no use: the engine keeps 64 KiB. */
const MAX_LENGTH = 256 * 1024;

/** Any object; the fields that are looked at have names. */
interface Fields {
  [name: string]: unknown;
  type?: unknown;
  index?: unknown;
  id?: unknown;
  text?: unknown;
  summary?: unknown;
  thinking?: unknown;
  data?: unknown;
  signature?: unknown;
  extra_content?: unknown;
  reasoning_details?: unknown;
}

type List = (typeof LISTS)[number];

/** Gathers, from the deltas of one answer, what its server wants back with it. */
export class ProviderData {
  readonly #lists = new Map<List, Fields[]>();
  #extra: Fields = {};
  #reasoningField: string | undefined;
  #length = 0;
  /** Characters of reasoning, and of those the ones that came in a list at the same time. */
  #reasoned = 0;
  readonly #listed = new Map<List, number>();

  /** The field that reasoning comes in, an empty one included. */
  reasoningIn(field: string): void {
    this.#reasoningField ??= field;
  }

  /**
   * The next delta.
   * @param reasoning - the text that was taken from it
   */
  take(delta: Readonly<Fields>, reasoning: string): void {
    for (const name of LISTS) {
      const list = delta[name];
      if (!Array.isArray(list)) continue;
      for (const entry of list as readonly unknown[]) if (isFields(entry)) this.#add(name, entry);
      if (textOfList(list) === reasoning) this.#listed.set(name, (this.#listed.get(name) ?? 0) + reasoning.length);
    }
    if (isFields(delta.extra_content)) this.#extra = joined(this.#extra, withoutFlags(delta.extra_content));
  }

  /** Reasoning was told. */
  reasoned(length: number): void {
    this.#reasoned += length;
  }

  /** What is wanted back; `undefined` for nothing. */
  finish(): JsonObject | undefined {
    if (this.#length > MAX_LENGTH) return undefined;
    const data: Fields = {};
    for (const [name, list] of this.#lists) data[name] = this.#isAllReasoning(name, list) ? withoutText(list) : list;
    if (Object.keys(this.#extra).length > 0) data.extra_content = this.#extra;
    if (this.#reasoningField !== undefined) data[REASONING_FIELD] = this.#reasoningField;
    return Object.keys(data).length === 0 ? undefined : data;
  }

  #add(name: List, entry: Fields): void {
    this.#length += JSON.stringify(entry).length;
    if (this.#length > MAX_LENGTH) return;
    const list = this.#lists.get(name) ?? [];
    this.#lists.set(name, list);
    const before =
      entry.index === undefined
        ? list.at(-1)
        : list.findLast((one) => one.type === entry.type && one.index === entry.index);
    if (before !== undefined && goesOn(before, entry)) extend(before, entry);
    else list.push({ ...entry });
  }

  /** Whether the one text in a list is the reasoning of the message, which is kept once. */
  #isAllReasoning(name: List, list: readonly Fields[]): boolean {
    return this.#reasoned > 0 && this.#listed.get(name) === this.#reasoned && list.filter(hasText).length === 1;
  }
}

/** The reasoning inside a list of OpenRouter, MiniMax or LiteLLM. */
export function textOfList(list: unknown): string {
  if (!Array.isArray(list)) return '';
  return (list as readonly unknown[])
    .map((entry) => (isFields(entry) ? (entry.text ?? entry.summary ?? entry.thinking) : ''))
    .filter((text) => typeof text === 'string')
    .join('');
}

/** What comes back with an assistant's message, to be put before the fields that are the message's own. */
export function messageFields({ providerData = {}, reasoning, toolCalls = [] }: LlmAssistantMessage): Fields {
  const { [REASONING_FIELD]: field, ...rest } = providerData;
  const fields: Fields = { ...rest };
  for (const name of LISTS) {
    const list = fields[name];
    if (Array.isArray(list))
      fields[name] = (list as readonly unknown[]).map((entry) => withText(entry, reasoning ?? ''));
  }
  // DeepSeek wants the text back with calls and refuses it without them. Where OpenRouter's list is, it is all.
  const isWanted = toolCalls.length > 0 && fields.reasoning_details === undefined;
  if (typeof field === 'string' && isWanted) fields[field] = reasoning ?? '';
  return fields;
}

/** What a server wants back with a tool call, from one of its pieces. */
export function callFields(piece: object, before: JsonObject | undefined): JsonObject | undefined {
  let fields = before;
  for (const name of OF_CALLS) {
    const value: unknown = (piece as Readonly<Fields>)[name];
    if (isFields(value)) fields = { ...fields, [name]: joined(isFields(fields?.[name]) ? fields[name] : {}, value) };
  }
  return fields;
}

/** Whether an entry is a further piece of one before. */
function goesOn(before: Fields, entry: Fields): boolean {
  const isOther = (name: string): boolean => isSet(before[name]) && isSet(entry[name]) && before[name] !== entry[name];
  if (before.type !== entry.type || isOther('index') || isOther('id')) return false;
  // Without an index a signature ends a block, and sealed ones come whole.
  return isSet(entry.index) || !(isSet(entry.data) || (isSet(before.signature) && hasText(entry)));
}

function isSet(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '';
}

/** Text grows; of everything else the last value counts. */
function extend(before: Fields, entry: Fields): void {
  for (const [name, value] of Object.entries(entry)) {
    const known = before[name];
    const isText = ['text', 'summary', 'data', 'thinking'].includes(name);
    if (isText && typeof known === 'string' && typeof value === 'string') before[name] = known + value;
    else if (value !== null && value !== undefined) before[name] = value;
  }
}

function hasText(entry: Fields): boolean {
  return textOfList([entry]) !== '';
}

/** `true` stands for the reasoning of the message. */
function withoutText(list: readonly Fields[]): Fields[] {
  return list.map((entry) => {
    if (!hasText(entry)) return entry;
    const name = ['text', 'summary', 'thinking'].find((one) => typeof entry[one] === 'string') ?? 'text';
    return { ...entry, [name]: true };
  });
}

function withText(entry: unknown, reasoning: string): unknown {
  if (!isFields(entry)) return entry;
  const name = ['text', 'summary', 'thinking'].find((one) => entry[one] === true);
  return name === undefined ? entry : { ...entry, [name]: reasoning };
}

/** Gemini marks thoughts in the same place; a mark is nothing to send back. */
function withoutFlags(extra: Fields): Fields {
  const kept = Object.entries(extra).map(([vendor, value]): [string, unknown] => {
    if (!isFields(value)) return [vendor, value];
    const { thought: _, ...rest } = value;
    return [vendor, rest];
  });
  return Object.fromEntries(kept.filter(([, value]) => !isFields(value) || Object.keys(value).length > 0));
}

function joined(before: Readonly<Fields>, more: Readonly<Fields>): Fields {
  const result: Fields = { ...before };
  for (const [name, value] of Object.entries(more)) {
    const known = result[name];
    if (value === null || value === undefined) continue;
    result[name] = isFields(known) && isFields(value) ? { ...known, ...value } : value;
  }
  return result;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
