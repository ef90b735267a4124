import type { LlmPart } from '../../agent/llm-provider.js';
import type { Failures } from './failures.js';
import { endOf } from './finish-reason.js';
import { ProviderData, textOfList } from './provider-data.js';
import { ToolCallAssembler } from './tool-call-assembler.js';
import { ThinkTag } from './think-tag.js';
import { isUpstreamError } from './upstream-error.js';
import { readUsage } from './usage.js';

/** The kinds of text a delta carries. */
export type TextKind = 'text-delta' | 'reasoning-delta';

/** The fields of a chunk that are read. Each field is checked at its use, since servers may send anything. */
interface Chunk {
  readonly choices?: unknown;
  readonly usage?: unknown;
  readonly error?: unknown;
  readonly x_groq?: { readonly usage?: unknown; readonly error?: unknown } | null;
}

interface Choice {
  readonly delta?: Delta | null;
  /** Replaces `delta` if the server does not stream. */
  readonly message?: Delta | null;
  readonly finish_reason?: unknown;
  /** Sent by Moonshot. */
  readonly usage?: unknown;
}

interface Delta {
  readonly [field: string]: unknown;
  /** Mistral sends a list of parts. */
  readonly content?: unknown;
  readonly refusal?: unknown;
  /** Sent by DeepSeek, Qwen and older vLLM. */
  readonly reasoning_content?: unknown;
  /** Sent by OpenRouter, newer vLLM, Ollama and Groq. */
  readonly reasoning?: unknown;
  /** Sent by GitHub Copilot. */
  readonly reasoning_text?: unknown;
  readonly tool_calls?: unknown;
  readonly reasoning_details?: unknown;
  readonly thinking_blocks?: unknown;
  readonly extra_content?: unknown;
}

/** Other fields of a delta that carry content. */
const MORE_FIELDS = [
  'tool_calls',
  'refusal',
  'reasoning_text',
  'reasoning_details',
  'thinking_blocks',
  'extra_content',
] as const;

/** Turns the chunks of one answer into parts. */
export class Answer {
  readonly #failures: Failures;
  /** Created when first needed, as is `#providerData`. */
  #toolCalls: ToolCallAssembler | undefined;
  #providerData: ProviderData | undefined;
  /** Looks for reasoning in the text, while there may be some. */
  #thinkTag: ThinkTag | undefined = new ThinkTag((kind, text) => this.#add(kind, text));
  #parts: LlmPart[] = [];
  #text = '';
  #kind: TextKind = 'text-delta';
  #usage: LlmPart | undefined;
  #rawReason: string | undefined;
  #hasChoice = false;
  #hasDelta = false;
  #begun = false;
  #isThought = false;
  #chunks = 0;
  #goesOn = false;
  #done = false;

  constructor(failures: Failures) {
    this.#failures = failures;
  }

  /** Whether the answer is complete. Usage and the end mark may still follow. */
  get complete(): boolean {
    return this.#done || this.#rawReason !== undefined;
  }

  /**
   * Whether nothing but usage and the end mark can follow. Some gateways give every piece of text a finish reason: then only
   * usage tells that the answer is over.
   */
  get isOver(): boolean {
    return this.#rawReason !== undefined && this.#begun && !this.#goesOn;
  }

  /** Number of chunks so far, without those that a template recognised. */
  get chunks(): number {
    return this.#chunks;
  }

  /** Whether {@link finish} was called. */
  get done(): boolean {
    return this.#done;
  }

  /** Whether a chunk with a choice has arrived. */
  get hasChoice(): boolean {
    return this.#hasChoice;
  }

  /**
   * Whether text, reasoning or a piece of a call has arrived. Many servers send an empty chunk before the model begins.
   */
  get begun(): boolean {
    return this.#begun;
  }

  /** Whether the meaning of the next text depends on earlier text. */
  get isThought(): boolean {
    return this.#isThought;
  }

  /** Takes the next piece of text. Consecutive pieces of one kind become one part. */
  text(kind: TextKind, text: string): void {
    if (text === '') return;
    this.#begun = true;
    if (this.#thinkTag === undefined) this.#add(kind, text);
    else this.#takeTagged(this.#thinkTag, kind, text);
  }

  #takeTagged(tag: ThinkTag, kind: TextKind, text: string): void {
    if (kind === 'reasoning-delta') {
      // A server that has a field for reasoning puts no tags around it.
      this.release();
      this.#add(kind, text);
      return;
    }
    tag.take(text);
    if (tag.isFound) (this.#providerData ??= new ProviderData()).reasoningIn('content');
    if (tag.isOver) this.#thinkTag = undefined;
  }

  #add(kind: TextKind, text: string): void {
    if (kind !== this.#kind) {
      this.#flush();
      this.#kind = kind;
    }
    if (kind === 'reasoning-delta') this.#providerData?.reasoned(text.length);
    this.#text += text;
  }

  /**
   * Takes the next chunk.
   * @throws AgentSocketError if the chunk is an error before the end, or ends the answer with one
   */
  chunk(chunk: object): void {
    this.#chunks++;
    const { choices, usage, x_groq: groq } = chunk as Chunk;
    if (isUpstreamError(chunk) || isSaid(groq?.error)) {
      return this.fail(isSaid(groq?.error) ? groq : chunk);
    }
    this.#takeUsage(usage ?? groq?.usage);
    const choice = firstChoice(choices);
    if (choice === undefined) {
      if (this.#rawReason !== undefined && isSaid(usage)) this.#goesOn = false;
      return;
    }
    this.#hasChoice = true;
    this.#takeUsage(choice.usage);
    const { finish_reason: reason } = choice;
    const { delta, message } = choice;
    const begun = this.#begun;
    this.#begun = false;
    if (isObject(delta)) {
      this.#hasDelta = true;
      this.#takeDelta(delta);
      // MiniMax repeats the whole answer at the end.
    } else if (isObject(message) && !this.#hasDelta) this.#takeDelta(message);
    const hasContent = this.begun;
    this.#begun = hasContent || begun;
    if (typeof reason !== 'string' || reason === '' || reason === 'null') return;
    if (endOf(reason) === 'failed') throw this.#failures.finish(reason);
    this.#rawReason = reason;
    if (hasContent) this.#goesOn = true;
  }

  /**
   * Takes an error. After the whole answer, the error only ends the answer.
   * @throws AgentSocketError before the end
   */
  fail(sent: unknown): void {
    if (!this.isOver) throw this.#failures.inStream(sent);
    this.finish();
  }

  /**
   * Ends the answer: delivers text that was held back, and then `finish`.
   * @throws AgentSocketError if the answer never began
   */
  finish(): void {
    if (this.#done) return;
    if (!this.#hasChoice) throw this.#failures.empty();
    this.#done = true;
    this.release();
    this.#flush();
    const calls = this.#toolCalls?.finish() ?? [];
    this.#parts.push(...calls);
    const data = this.#providerData?.finish();
    if (data !== undefined) this.#parts.push({ type: 'provider-data', data });
    if (this.#usage !== undefined) this.#parts.push(this.#usage);
    const raw = this.#rawReason;
    const said = raw === undefined ? 'stop' : endOf(raw);
    // Several servers give the reason "stop" after a tool call.
    const reason = said === 'stop' && calls.length > 0 ? 'tool_calls' : said;
    this.#parts.push({ type: 'finish', reason: reason === 'failed' ? 'other' : reason, raw });
  }

  /** Delivers text that was held back: nothing follows. */
  release(): void {
    this.#thinkTag?.finish();
    this.#thinkTag = undefined;
  }

  /** Returns the parts since the last call. */
  take(): readonly LlmPart[] {
    if (this.#parts.length === 0) return this.#text === '' ? NOTHING : [this.#takeText()];
    this.#flush();
    const parts = this.#parts;
    this.#parts = [];
    return parts;
  }

  #takeDelta(delta: Delta): void {
    const { field, text } = reasoningOf(delta);
    if (field !== undefined || saysMore(delta)) {
      const data = (this.#providerData ??= new ProviderData());
      if (field !== undefined) data.reasoningIn(field);
      data.take(delta, text);
    }
    this.text('reasoning-delta', text);
    this.#takeContent(delta);
    if (typeof delta.refusal === 'string') this.text('text-delta', delta.refusal);
    if (!Array.isArray(delta.tool_calls)) return;
    const calls = (delta.tool_calls as readonly unknown[]).filter((call) => typeof call === 'object' && call !== null);
    if (calls.length === 0) return;
    this.#begun = true;
    (this.#toolCalls ??= new ToolCallAssembler()).add(calls);
  }

  #takeContent({ content, extra_content: extra }: Delta): void {
    if (Array.isArray(content)) {
      for (const part of content as readonly unknown[]) this.#takePart(part);
      return;
    }
    if (typeof content !== 'string' || content === '') return;
    // Gemini marks thoughts with a flag, and also puts tags around them.
    if (isThought(extra)) {
      this.#isThought = true;
      this.text('reasoning-delta', content.replace(/^<thought>/, ''));
      return;
    }
    this.text('text-delta', this.#isThought ? content.replace(/^<\/thought>/, '') : content);
    this.#isThought = false;
  }

  /**
   * Takes a part of a list: text, or reasoning with parts of its own, which are the `thinking` of Mistral and the `summary`
   * of Databricks.
   */
  #takePart(part: unknown): void {
    if (typeof part === 'string') this.text('text-delta', part);
    if (typeof part !== 'object' || part === null) return;
    const { text, summary, thinking = summary } = part as Readonly<Record<'text' | 'summary' | 'thinking', unknown>>;
    if (typeof text === 'string') this.text('text-delta', text);
    if (typeof thinking === 'string') this.text('reasoning-delta', thinking);
    else this.text('reasoning-delta', textOfList(thinking));
  }

  #takeUsage(usage: unknown): void {
    const read = readUsage(usage);
    // Some servers end with an event in which all counts are 0.
    if (read !== undefined && read.inputTokens + read.outputTokens > 0) this.#usage = read;
    else this.#usage ??= read;
  }

  #flush(): void {
    if (this.#text !== '') this.#parts.push(this.#takeText());
  }

  #takeText(): LlmPart {
    const part = { type: this.#kind, text: this.#text };
    this.#text = '';
    return part;
  }
}

const NOTHING: readonly LlmPart[] = [];

/** The text of a chunk that has nothing else; `undefined` for every other chunk. */
export function onlyText(chunk: unknown): { readonly kind: TextKind; readonly text: string } | undefined {
  if (typeof chunk !== 'object' || chunk === null) return undefined;
  const { choices, usage, error } = chunk as Chunk;
  if ((error ?? usage ?? undefined) !== undefined) return undefined;
  const choice = firstChoice(choices);
  if (typeof choice?.delta !== 'object' || choice.delta === null) return undefined;
  if (choice.finish_reason !== undefined && choice.finish_reason !== null) return undefined;
  const { delta } = choice;
  if (saysMore(delta)) return undefined;
  const said = delta.content ?? '';
  const long = delta.reasoning_content ?? '';
  const short = delta.reasoning ?? '';
  if (long === '' && short === '' && typeof said === 'string') return { kind: 'text-delta', text: said };
  // Text under both names is the same text and counts once. A template cannot detect this case.
  const thought = long === '' ? short : short === '' ? long : undefined;
  if (said === '' && typeof thought === 'string') return { kind: 'reasoning-delta', text: thought };
  return undefined;
}

/** The reasoning of a delta. It comes under one of several names, or under two of which one is empty. */
function reasoningOf(delta: Delta): { readonly field: string | undefined; readonly text: string } {
  let field: string | undefined;
  for (const name of ['reasoning_content', 'reasoning', 'reasoning_text'] as const) {
    const text = delta[name];
    if (typeof text !== 'string') continue;
    if (text !== '') return { field: name, text };
    field ??= name;
  }
  return { field, text: textOfList(delta.reasoning_details) || textOfList(delta.thinking_blocks) };
}

/** Whether one of the {@link MORE_FIELDS} carries content. */
function saysMore(delta: Delta): boolean {
  for (const name of MORE_FIELDS) if (isSaid(delta[name])) return true;
  return false;
}

function isSaid(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : value !== undefined && value !== null && value !== '';
}

function isObject(value: Delta | null | undefined): value is Delta {
  return typeof value === 'object' && value !== null;
}

function isThought(extra: unknown): boolean {
  const { google } = (extra ?? {}) as { readonly google?: { readonly thought?: unknown } | null };
  return google?.thought === true;
}

function firstChoice(choices: unknown): Choice | undefined {
  const choice: unknown = Array.isArray(choices) ? choices[0] : undefined;
  return typeof choice === 'object' && choice !== null ? choice : undefined;
}
