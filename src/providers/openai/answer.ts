import type { LlmPart } from '../../agent/llm-provider.js';
import type { FinishReason } from '../../protocol/server-messages.js';
import { inStreamFailure, malformedStream } from './provider-failure.js';
import { ToolCallAssembler } from './tool-call-assembler.js';

/** The kinds of text a delta carries. */
export type TextKind = 'text-delta' | 'reasoning-delta';

/** What is read of a chunk. Every field is checked where it is used: any server may be at the other end. */
interface Chunk {
  readonly choices?: unknown;
  readonly usage?: unknown;
  readonly error?: unknown;
}

interface Choice {
  readonly delta?: Delta | null;
  readonly finish_reason?: unknown;
}

interface Delta {
  readonly content?: unknown;
  readonly refusal?: unknown;
  /** DeepSeek, Qwen, vLLM. */
  readonly reasoning_content?: unknown;
  /** OpenRouter, newer vLLM. */
  readonly reasoning?: unknown;
  readonly tool_calls?: unknown;
}

const REASONS: Readonly<Record<string, FinishReason>> = {
  stop: 'stop',
  length: 'length',
  tool_calls: 'tool_calls',
  function_call: 'tool_calls',
  content_filter: 'content_filter',
};

/** Turns the chunks of one answer into parts. */
export class Answer {
  readonly #key: string | undefined;
  /** Made for the first piece of one. */
  #toolCalls: ToolCallAssembler | undefined;
  #parts: LlmPart[] = [];
  #text = '';
  #kind: TextKind = 'text-delta';
  #usage: LlmPart | undefined;
  #rawReason: string | undefined;
  #done = false;

  /** @param key - the key in use, to keep it out of errors */
  constructor(key: string | undefined) {
    this.#key = key;
  }

  /** Whether the answer is complete, although more may follow: usage, and the mark of the end. */
  get complete(): boolean {
    return this.#done || this.#rawReason !== undefined;
  }

  /** Whether {@link finish} was called. */
  get done(): boolean {
    return this.#done;
  }

  /** The next piece of text. Pieces of one kind that come one after the other become one part. */
  text(kind: TextKind, text: string): void {
    if (text === '') return;
    if (kind !== this.#kind) {
      this.#flush();
      this.#kind = kind;
    }
    this.#text += text;
  }

  /**
   * The next chunk.
   * @throws AgentSocketError where it is an error, or no chunk
   */
  chunk(chunk: unknown): void {
    if (typeof chunk !== 'object' || chunk === null) throw malformedStream('An event holds no JSON object.');
    const { choices, usage, error } = chunk as Chunk;
    if (error !== undefined && error !== null) throw inStreamFailure(error, this.#key);
    this.#takeUsage(usage);
    const choice = firstChoice(choices);
    if (choice === undefined) return;
    const { delta, finish_reason: reason } = choice;
    if (typeof delta === 'object' && delta !== null) this.#takeDelta(delta);
    if (typeof reason === 'string' && reason !== '') this.#rawReason = reason;
  }

  /** The answer is over: what was held back follows, and `finish` last. */
  finish(): void {
    if (this.#done) return;
    this.#done = true;
    this.#flush();
    if (this.#toolCalls !== undefined) this.#parts.push(...this.#toolCalls.finish());
    if (this.#usage !== undefined) this.#parts.push(this.#usage);
    const raw = this.#rawReason;
    const said = raw === undefined ? 'stop' : Object.hasOwn(REASONS, raw) ? (REASONS[raw] ?? 'other') : 'other';
    // Several servers say "stop" after a tool call.
    const reason = said === 'stop' && this.#toolCalls !== undefined && this.#toolCalls.size > 0 ? 'tool_calls' : said;
    this.#parts.push({ type: 'finish', reason, raw });
  }

  /** The parts since the last call. */
  take(): LlmPart[] {
    this.#flush();
    const parts = this.#parts;
    if (parts.length > 0) this.#parts = [];
    return parts;
  }

  #takeDelta(delta: Delta): void {
    const reasoning = delta.reasoning_content ?? delta.reasoning;
    if (typeof reasoning === 'string') this.text('reasoning-delta', reasoning);
    if (typeof delta.content === 'string') this.text('text-delta', delta.content);
    if (typeof delta.refusal === 'string') this.text('text-delta', delta.refusal);
    if (!Array.isArray(delta.tool_calls)) return;
    for (const call of delta.tool_calls as readonly unknown[]) {
      if (typeof call === 'object' && call !== null) (this.#toolCalls ??= new ToolCallAssembler()).add(call);
    }
  }

  #takeUsage(usage: unknown): void {
    if (typeof usage !== 'object' || usage === null) return;
    const { prompt_tokens: input, completion_tokens: output } = usage as Record<string, unknown>;
    if (!isCount(input) || !isCount(output)) return;
    this.#usage = { type: 'usage', inputTokens: input, outputTokens: output };
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
  const { content, refusal, tool_calls: calls, reasoning_content: long, reasoning: short } = choice.delta;
  const thought = long ?? short ?? '';
  const said = content ?? '';
  if ((refusal ?? '') !== '' || (Array.isArray(calls) ? calls.length > 0 : (calls ?? undefined) !== undefined)) {
    return undefined;
  }
  if (thought === '' && typeof said === 'string') return { kind: 'text-delta', text: said };
  if (said === '' && typeof thought === 'string') return { kind: 'reasoning-delta', text: thought };
  return undefined;
}

function firstChoice(choices: unknown): Choice | undefined {
  const choice: unknown = Array.isArray(choices) ? choices[0] : undefined;
  return typeof choice === 'object' && choice !== null ? choice : undefined;
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0;
}
