import type { JsonObject } from '../../tool/llm-tool.js';
import type { LlmAssistantMessage } from '../../agent/llm-provider.js';
import type { RequestForm } from './request-form.js';
import { withThinkTag } from './think-tag.js';

/**
 * Lists that servers require back with an assistant's message. Each field goes back under the name it came with, so
 * that no server sees a field it does not know.
 */
const LISTS = ['reasoning_details', 'thinking_blocks'] as const;
/** Fields that servers require back with a tool call, such as Gemini's thought signatures, also through LiteLLM. */
const OF_CALLS = ['extra_content', 'provider_specific_fields'] as const;
/** Records the name of the field that reasoning came in; the text itself is stored with the message. */
const REASONING_FIELD = 'reasoning_field';
/** More characters are useless: the engine stores 64 KiB. */
const MAX_LENGTH = 256 * 1024;

/** Any object. The fields that are read have names. */
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
  reasoning_content?: unknown;
}

type List = (typeof LISTS)[number];

/** Gathers from the deltas of one answer the data that its server requires back. */
export class ProviderData {
  readonly #lists = new Map<List, Fields[]>();
  #extra: Fields = {};
  #reasoningField: string | undefined;
  #length = 0;
  /** Characters of reasoning so far. `#listed` counts those that also came in a list. */
  #reasoned = 0;
  readonly #listed = new Map<List, number>();

  /** Records the field that reasoning comes in, even if it is empty. */
  reasoningIn(field: string): void {
    this.#reasoningField ??= field;
  }

  /**
   * Takes the next delta.
   * @param reasoning - the text that was read from the delta
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

  /** Counts characters of reasoning. */
  reasoned(length: number): void {
    this.#reasoned += length;
  }

  /** The data for the next request; `undefined` if there is none. */
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

  /** Whether the only text of a list is the reasoning of the message: then the text is stored once. */
  #isAllReasoning(name: List, list: readonly Fields[]): boolean {
    return this.#reasoned > 0 && this.#listed.get(name) === this.#reasoned && list.filter(hasText).length === 1;
  }
}

/** The reasoning in a list of OpenRouter, MiniMax or LiteLLM. */
export function textOfList(list: unknown): string {
  if (!Array.isArray(list)) return '';
  return (list as readonly unknown[])
    .map((entry) => (isFields(entry) ? (entry.text ?? entry.summary ?? entry.thinking) : ''))
    .filter((text) => typeof text === 'string')
    .join('');
}

/** Content and reasoning of an assistant's message, and the fields that go back with them. */
export function messageFields(
  { content, providerData = {}, reasoning = '', toolCalls = [] }: LlmAssistantMessage,
  form: Pick<RequestForm, 'reasoning'>,
): Fields {
  const { [REASONING_FIELD]: field, ...rest } = providerData;
  const fields: Fields = { ...rest };
  for (const name of LISTS) {
    const list = fields[name];
    if (Array.isArray(list)) fields[name] = (list as readonly unknown[]).map((entry) => withText(entry, reasoning));
  }
  // Old models of DeepSeek require the text back with calls and refuse it without them. OpenRouter's list replaces the text.
  const isWanted = toolCalls.length > 0 && fields.reasoning_details === undefined;
  if (typeof field === 'string' && isWanted) fields[field] = reasoning;
  // MiniMax requires the tags back; the templates of other models leave out what is between them.
  fields['content'] = field === 'content' && reasoning !== '' ? withThinkTag(reasoning, content) : content;
  if (form.reasoning) {
    // Only reasoning of the same model goes back. Moonshot takes an empty text for a missing one.
    fields.reasoning_content = (typeof field === 'string' && reasoning) || ' ';
  }
  return fields;
}

/** The data that a server requires back with a tool call, from one piece of the call. */
export function callFields(piece: object, before: JsonObject | undefined): JsonObject | undefined {
  let fields = before;
  for (const name of OF_CALLS) {
    const value: unknown = (piece as Readonly<Fields>)[name];
    if (isFields(value)) fields = { ...fields, [name]: joined(isFields(fields?.[name]) ? fields[name] : {}, value) };
  }
  return fields;
}

/** Whether an entry continues an earlier one. */
function goesOn(before: Fields, entry: Fields): boolean {
  const isOther = (name: string): boolean => isSet(before[name]) && isSet(entry[name]) && before[name] !== entry[name];
  if (before.type !== entry.type || isOther('index') || isOther('id')) return false;
  // Without an index, a signature ends a block, and encrypted blocks come in one piece.
  return isSet(entry.index) || !(isSet(entry.data) || (isSet(before.signature) && hasText(entry)));
}

function isSet(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '';
}

/** Appends text; any other value replaces the earlier one. */
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

/** Replaces the text of a list by `true`, which stands for the reasoning of the message. */
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

/** Gemini's flag for thoughts is in the same object; the flag does not go back. */
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
