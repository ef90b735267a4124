import type { Usage } from '../protocol/server-messages.js';
import type { AgentState, AnswerSoFar } from './agent-state.js';
import { estimateTokens } from './estimate-tokens.js';
import type { LlmMessage, LlmPart } from './llm-provider.js';

/** Usage of the run so far, including the model call in progress. */
export function usageOf(state: AgentState): Usage | undefined {
  if (state.partial === undefined || state.isCounted === true) return state.usage;
  return addUsage(state.usage, estimateUsage(state.messages, state.partial));
}

function estimateUsage(messages: readonly LlmMessage[], { text, reasoning }: AnswerSoFar): Usage {
  let input = 0;
  for (const message of messages) input += estimateTokens(message.content);
  const output = estimateTokens(text.toString()) + estimateTokens(reasoning.toString());
  return { input_tokens: input, output_tokens: output, estimated: true };
}

/** Usage as the protocol has it, from a provider's part. */
export function usageFrom(part: LlmPart & { type: 'usage' }): Usage {
  return {
    input_tokens: wholeNumber(part.inputTokens),
    output_tokens: wholeNumber(part.outputTokens),
    ...(part.cachedInputTokens !== undefined && { cached_input_tokens: wholeNumber(part.cachedInputTokens) }),
    ...(part.reasoningTokens !== undefined && { reasoning_tokens: wholeNumber(part.reasoningTokens) }),
    ...(part.estimated === true && { estimated: true }),
  };
}

/** Custom providers may give counts that are missing, fractions or BigInts. */
function wholeNumber(count: unknown): number {
  const number = Math.round(Number(count));
  return Number.isSafeInteger(number) && number > 0 ? number : 0;
}

/** The sum of both. If only one of them has a detail, the sum has it, too. */
export function addUsage(a: Usage | undefined, b: Usage | undefined): Usage | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  const sum: Usage = {
    input_tokens: a.input_tokens + b.input_tokens,
    output_tokens: a.output_tokens + b.output_tokens,
  };
  for (const detail of ['cached_input_tokens', 'reasoning_tokens'] as const) {
    if (a[detail] !== undefined || b[detail] !== undefined) sum[detail] = (a[detail] ?? 0) + (b[detail] ?? 0);
  }
  if (a.estimated === true || b.estimated === true) sum.estimated = true;
  return sum;
}
