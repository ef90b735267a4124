import { estimateTokens } from './estimate-tokens.js';
import type { LlmMessage } from './llm-provider.js';

/**
 * Makes a chat fit a context window. Called before the first model call of every run in a conversation.
 * @param messages - system prompt, history and question, in order; of the history the newest 1,000 messages and four
 *   million characters at most
 * @param maxTokens - what the operator allows
 * @returns what the model is asked with; the last message must be the question
 */
export type FitContext = (
  this: void,
  messages: readonly LlmMessage[],
  maxTokens: number,
) => readonly LlmMessage[] | Promise<readonly LlmMessage[]>;

/**
 * Drops the oldest turns, whole: a question and everything up to the next one, so that no tool result stands without
 * its call. System prompt and question stay, whatever they take.
 */
export function fitContext(messages: readonly LlmMessage[], maxTokens: number): readonly LlmMessage[] {
  const first = messages.findIndex(({ role }) => role !== 'system');
  const questions = messages.flatMap(({ role }, index) => (role === 'user' && index >= first ? [index] : []));
  const costs = messages.map(tokensOf);
  let total = costs.reduce((sum, cost) => sum + cost, 0);
  let from = first;
  // Answers before the first question belong to a turn that was cut off by paging.
  for (const question of questions) {
    if (total <= maxTokens && messages[from]?.role === 'user') break;
    for (; from < question; from++) total -= costs[from] ?? 0;
  }
  return from <= first ? messages : [...messages.slice(0, first), ...messages.slice(from)];
}

/** Tokens every message costs besides its text, roughly. */
const MESSAGE_TOKENS = 4;

function tokensOf(message: LlmMessage): number {
  const calls = message.role === 'assistant' ? (message.toolCalls ?? []) : [];
  return calls.reduce(
    (sum, { name, arguments: text }) => sum + estimateTokens(name) + estimateTokens(text),
    estimateTokens(message.content) + MESSAGE_TOKENS,
  );
}
