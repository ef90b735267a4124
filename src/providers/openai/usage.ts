import type { LlmPart } from '../../agent/llm-provider.js';

/** The fields of a server's usage that are read. */
interface Fields {
  readonly prompt_tokens?: unknown;
  readonly completion_tokens?: unknown;
  /** Of gateways that name the counts as the Responses API does. */
  readonly input_tokens?: unknown;
  readonly output_tokens?: unknown;
  readonly total_tokens?: unknown;
  readonly prompt_tokens_details?: unknown;
  readonly completion_tokens_details?: unknown;
  readonly cached_tokens?: unknown;
  readonly prompt_cache_hit_tokens?: unknown;
  readonly reasoning_tokens?: unknown;
}

/** The usage of an answer, from the fields that a server sends; `undefined` if they hold no counts. */
export function readUsage(usage: unknown): Extract<LlmPart, { type: 'usage' }> | undefined {
  // Most chunks have no usage.
  if (usage === undefined || usage === null) return undefined;
  const fields = fieldsOf(usage);
  const input = firstCount(fields.prompt_tokens, fields.input_tokens);
  const output = firstCount(fields.completion_tokens, fields.output_tokens);
  if (input === undefined && output === undefined) return undefined;
  const cached = firstCount(
    fieldsOf(fields.prompt_tokens_details).cached_tokens,
    // DeepSeek and Moonshot.
    fields.prompt_cache_hit_tokens,
    fields.cached_tokens,
  );
  const reasoning = firstCount(fieldsOf(fields.completion_tokens_details).reasoning_tokens, fields.reasoning_tokens);
  return {
    type: 'usage',
    inputTokens: input ?? 0,
    outputTokens: (output ?? 0) + reasoningBeside(fields, reasoning),
    ...(cached !== undefined && { cachedInputTokens: cached }),
    ...(reasoning !== undefined && { reasoningTokens: reasoning }),
  };
}

/**
 * Tokens of reasoning that the output does not include: xAI and Gemini count them in the total only.
 * @param reasoning - all tokens of reasoning, if the server counts them
 */
function reasoningBeside(
  { prompt_tokens: input, completion_tokens: output, total_tokens: total }: Fields,
  reasoning: number | undefined,
): number {
  if (!isCount(input) || !isCount(output) || !isCount(total)) return 0;
  const rest = Math.max(0, total - input - output);
  return Math.min(rest, reasoning ?? rest);
}

function firstCount(...counts: readonly unknown[]): number | undefined {
  return counts.find(isCount);
}

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? value : {};
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0;
}
