import type { LlmPart } from '../../agent/llm-provider.js';
import type { Failures } from './failures.js';
import { endOf } from './finish-reason.js';
import { ProviderData, textOfList } from './provider-data.js';
import { ToolCallAssembler } from './tool-call-assembler.js';
import { isUpstreamError } from './upstream-error.js';
import { readUsage } from './usage.js';

/** The kinds of text a delta carries. */
export type TextKind = 'text-delta' | 'reasoning-delta';

/** What is read of a chunk. Every field is checked where it is used: any server may be at the other end. */
interface Chunk {
  readonly choices?: unknown;
  readonly usage?: unknown;
  readonly error?: unknown;
  readonly x_groq?: { readonly usage?: unknown } | null;
}

interface Choice {
  readonly delta?: Delta | null;
  /** In place of a delta, where a server does not stream. */
  readonly message?: Delta | null;
  readonly finish_reason?: unknown;
  /** Moonshot. */
  readonly usage?: unknown;
}

interface Delta {
  readonly [field: string]: unknown;
  /** A list of parts at Mistral. */
  readonly content?: unknown;
  readonly refusal?: unknown;
  /** DeepSeek, Qwen, older vLLM. */
  readonly reasoning_content?: unknown;
  /** OpenRouter, newer vLLM, Ollama, Groq. */
  readonly reasoning?: unknown;
  readonly tool_calls?: unknown;
  readonly reasoning_details?: unknown;
  readonly thinking_blocks?: unknown;
  readonly extra_content?: unknown;
}

/** Fields of a delta besides its text that say something. */
const MORE_FIELDS = ['tool_calls', 'refusal', 'reasoning_details', 'thinking_blocks', 'extra_content'] as const;

/** Turns the chunks of one answer into parts. */
export class Answer {
  readonly #failures: Failures;
  /** Both are made for the first piece of one. */
  #toolCalls: ToolCallAssembler | undefined;
  #providerData: ProviderData | undefined;
  #parts: LlmPart[] = [];
  #text = '';
  #kind: TextKind = 'text-delta';
  #usage: LlmPart | undefined;
  #rawReason: string | undefined;
  #hasChoice = false;
  #hasDelta = false;
  #begun = false;
  #isThought = false;
  #done = false;

  constructor(failures: Failures) {
    this.#failures = failures;
  }

  /** Whether the answer is complete, although more may follow: usage, and the mark of the end. */
  get complete(): boolean {
    return this.#done || this.#rawReason !== undefined;
  }

  /** Whether {@link finish} was called. */
  get done(): boolean {
    return this.#done;
  }

  /** Whether any chunk was one of an answer. */
  get hasChoice(): boolean {
    return this.#hasChoice;
  }

  /** Whether there was text, reasoning or a piece of a call. Many servers send a chunk at once and then think. */
  get begun(): boolean {
    return this.#begun;
  }

  /** Whether the next text has a meaning that depends on what came before. */
  get isThought(): boolean {
    return this.#isThought;
  }

  /** The next piece of text. Pieces of one kind that come one after the other become one part. */
  text(kind: TextKind, text: string): void {
    if (text === '') return;
    this.#begun = true;
    if (kind !== this.#kind) {
      this.#flush();
      this.#kind = kind;
    }
    if (kind === 'reasoning-delta') this.#providerData?.reasoned(text.length);
    this.#text += text;
  }

  /**
   * The next chunk.
   * @throws AgentSocketError where it is an error, or ends the answer with one
   */
  chunk(chunk: object): void {
    if (isUpstreamError(chunk)) throw this.#failures.inStream(chunk);
    const { choices, usage, x_groq: groq } = chunk as Chunk;
    this.#takeUsage(usage ?? groq?.usage);
    const choice = firstChoice(choices);
    if (choice === undefined) return;
    this.#hasChoice = true;
    this.#takeUsage(choice.usage);
    const { finish_reason: reason } = choice;
    const { delta, message } = choice;
    if (isObject(delta)) {
      this.#hasDelta = true;
      this.#takeDelta(delta);
      // MiniMax repeats the whole answer at its end.
    } else if (isObject(message) && !this.#hasDelta) this.#takeDelta(message);
    if (typeof reason !== 'string' || reason === '' || reason === 'null') return;
    if (endOf(reason) === 'failed') throw this.#failures.finish(reason);
    this.#rawReason = reason;
  }

  /**
   * The answer is over: what was held back follows, and `finish` last.
   * @throws AgentSocketError where it never began
   */
  finish(): void {
    if (this.#done) return;
    if (!this.#hasChoice) throw this.#failures.empty();
    this.#done = true;
    this.#flush();
    if (this.#toolCalls !== undefined) this.#parts.push(...this.#toolCalls.finish());
    const data = this.#providerData?.finish();
    if (data !== undefined) this.#parts.push({ type: 'provider-data', data });
    if (this.#usage !== undefined) this.#parts.push(this.#usage);
    const raw = this.#rawReason;
    const said = raw === undefined ? 'stop' : endOf(raw);
    // Several servers say "stop" after a tool call.
    const reason = said === 'stop' && this.#toolCalls !== undefined && this.#toolCalls.size > 0 ? 'tool_calls' : said;
    this.#parts.push({ type: 'finish', reason: reason === 'failed' ? 'other' : reason, raw });
  }

  /** The parts since the last call. */
  take(): LlmPart[] {
    this.#flush();
    const parts = this.#parts;
    if (parts.length > 0) this.#parts = [];
    return parts;
  }

  #takeDelta(delta: Delta): void {
    const { field, text } = reasoningOf(delta);
    if (field !== undefined || MORE_FIELDS.some((name) => isSaid(delta[name]))) {
      const data = (this.#providerData ??= new ProviderData());
      if (field !== undefined) data.reasoningIn(field);
      data.take(delta, text);
    }
    this.text('reasoning-delta', text);
    this.#takeContent(delta);
    if (typeof delta.refusal === 'string') this.text('text-delta', delta.refusal);
    if (!Array.isArray(delta.tool_calls)) return;
    for (const call of delta.tool_calls as readonly unknown[]) {
      if (typeof call !== 'object' || call === null) continue;
      this.#begun = true;
      (this.#toolCalls ??= new ToolCallAssembler()).add(call);
    }
  }

  #takeContent({ content, extra_content: extra }: Delta): void {
    if (Array.isArray(content)) {
      for (const part of content as readonly unknown[]) this.#takePart(part);
      return;
    }
    if (typeof content !== 'string' || content === '') return;
    // Gemini marks thoughts, and puts them into tags besides.
    if (isThought(extra)) {
      this.#isThought = true;
      this.text('reasoning-delta', content.replace(/^<thought>/, ''));
      return;
    }
    this.text('text-delta', this.#isThought ? content.replace(/^<\/thought>/, '') : content);
    this.#isThought = false;
  }

  /** A part of a list, as Mistral's reasoning models send: text, or thinking with parts of its own. */
  #takePart(part: unknown): void {
    if (typeof part === 'string') this.text('text-delta', part);
    if (typeof part !== 'object' || part === null) return;
    const { text, thinking } = part as { readonly text?: unknown; readonly thinking?: unknown };
    if (typeof text === 'string') this.text('text-delta', text);
    if (typeof thinking === 'string') this.text('reasoning-delta', thinking);
    else this.text('reasoning-delta', textOfList(thinking));
  }

  #takeUsage(usage: unknown): void {
    this.#usage = readUsage(usage) ?? this.#usage;
  }

  #flush(): void {
    if (this.#text === '') return;
    this.#parts.push({ type: this.#kind, text: this.#text });
    this.#text = '';
  }
}

/** The text of a chunk that says nothing else; `undefined` for every other chunk. */
export function onlyText(chunk: unknown): { readonly kind: TextKind; readonly text: string } | undefined {
  if (typeof chunk !== 'object' || chunk === null) return undefined;
  const { choices, usage, error } = chunk as Chunk;
  if ((error ?? usage ?? undefined) !== undefined) return undefined;
  const choice = firstChoice(choices);
  if (typeof choice?.delta !== 'object' || choice.delta === null) return undefined;
  if (choice.finish_reason !== undefined && choice.finish_reason !== null) return undefined;
  const { delta } = choice;
  if (MORE_FIELDS.some((name) => isSaid(delta[name]))) return undefined;
  const said = delta.content ?? '';
  const long = delta.reasoning_content ?? '';
  const short = delta.reasoning ?? '';
  if (long === '' && short === '' && typeof said === 'string') return { kind: 'text-delta', text: said };
  // Under both names at once it counts once, which a template could not tell.
  const thought = long === '' ? short : short === '' ? long : undefined;
  if (said === '' && typeof thought === 'string') return { kind: 'reasoning-delta', text: thought };
  return undefined;
}

/** Reasoning comes under one of several names, or under two at once with one of them empty; it is read once. */
function reasoningOf(delta: Delta): { readonly field: string | undefined; readonly text: string } {
  let field: string | undefined;
  for (const name of ['reasoning_content', 'reasoning'] as const) {
    const text = delta[name];
    if (typeof text !== 'string') continue;
    if (text !== '') return { field: name, text };
    field ??= name;
  }
  return { field, text: textOfList(delta.reasoning_details) || textOfList(delta.thinking_blocks) };
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
