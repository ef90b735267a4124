import type { JsonObject } from '../../src/tool/llm-tool.js';
import type { LlmPart } from '../../src/agent/llm-provider.js';
import type { ErrorCode } from '../../src/protocol/error-codes.js';

/** What a server sent for one question, made by hand after its real output, and what it means. */
export interface CorpusStream {
  /** `vLLM: tool calls in pieces`. */
  readonly name: string;
  /** The body, with LF at the ends of its lines. */
  readonly body: string;
  /** The parts of the answer, or those before it failed; neighbouring text is one part. */
  readonly parts: readonly LlmPart[];
  /** The code it failed with. */
  readonly failure?: ErrorCode | undefined;
  /** @default text/event-stream */
  readonly contentType?: string;
}

/** One event. */
export function event(data: unknown): string {
  return `data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`;
}

export const DONE = event('[DONE]');

/** Makes chunks with the fields a server puts around every choice. */
export function chunksOf(head: object, choiceFields: object = {}) {
  const chunk = (delta: unknown, finish_reason: string | null = null, more: object = {}): string =>
    event({ ...head, choices: [{ index: 0, delta, ...choiceFields, finish_reason }], ...more });
  return {
    chunk,
    /** Pieces of text, one chunk each. */
    text: (...pieces: string[]): string => pieces.map((content) => chunk({ content })).join(''),
    /** Any delta, one chunk each. */
    deltas: (...deltas: object[]): string => deltas.map((delta) => chunk(delta)).join(''),
    /** A chunk without a choice. */
    bare: (more: object): string => event({ ...head, choices: [], ...more }),
  };
}

/** A piece of a tool call inside a delta. */
export function piece(index: number | undefined, fields: object, text?: unknown, name?: string): object {
  const inside = { ...(name !== undefined && { name }), ...(text !== undefined && { arguments: text }) };
  return { tool_calls: [{ ...(index !== undefined && { index }), ...fields, function: inside }] };
}

export const says = (text: string): LlmPart => ({ type: 'text-delta', text });
export const thinks = (text: string): LlmPart => ({ type: 'reasoning-delta', text });
/** @param id - `?` for one that is made up */
export const calls = (id: string, name: string, text: string, providerData?: JsonObject): LlmPart => ({
  type: 'tool-call',
  id,
  name,
  arguments: text,
  ...(providerData !== undefined && { providerData }),
});
export const keeps = (data: JsonObject): LlmPart => ({ type: 'provider-data', data });
export const costs = (inputTokens: number, outputTokens: number, more: object = {}): LlmPart => ({
  type: 'usage',
  inputTokens,
  outputTokens,
  ...more,
});
export const ends = (
  reason: Extract<LlmPart, { type: 'finish' }>['reason'],
  raw: string | undefined = reason,
): LlmPart => ({
  type: 'finish',
  reason,
  raw,
});
/** The mark of the end alone. */
export const endsUnsaid = (): LlmPart => ({ type: 'finish', reason: 'stop', raw: undefined });

/** The streams of one server. */
export function streamsOf(
  server: string,
  streams: Readonly<Record<string, Omit<CorpusStream, 'name'>>>,
): CorpusStream[] {
  return Object.entries(streams).map(([name, stream]) => ({ name: `${server}: ${name}`, ...stream }));
}
