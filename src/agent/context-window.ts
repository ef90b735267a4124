import { AgentSocketError } from '../protocol/agent-socket-error.js';
import { estimateTokens } from './estimate-tokens.js';
import type { LlmAttachment, LlmMessage } from './llm-provider.js';

/**
 * Makes a chat fit a context window. Called before the first model call of every run in a conversation.
 * @param messages - system prompt, history and question, in order; of the history at most the newest 1,000 messages and
 *   four million characters
 * @param maxTokens - the option `maxContextTokens`
 * @returns the chat that the model is asked with; the last message must be the question
 */
export type FitContext = (
  this: void,
  messages: readonly LlmMessage[],
  maxTokens: number,
) => readonly LlmMessage[] | Promise<readonly LlmMessage[]>;

/**
 * Drops the oldest turns. A turn is a question and everything up to the next one: only whole turns are dropped, so that
 * every tool result keeps its call. System prompt and question always stay.
 */
export function fitContext(messages: readonly LlmMessage[], maxTokens: number): readonly LlmMessage[] {
  const first = messages.findIndex(({ role }) => role !== 'system');
  const questions = messages.flatMap(({ role }, index) => (role === 'user' && index >= first ? [index] : []));
  const costs = messages.map(tokensOf);
  let total = costs.reduce((sum, cost) => sum + cost, 0);
  let from = first;
  // Answers before the first question belong to a turn that paging cut off.
  for (const question of questions) {
    if (total <= maxTokens && messages[from]?.role === 'user') break;
    for (; from < question; from++) total -= costs[from] ?? 0;
  }
  return from <= first ? messages : [...messages.slice(0, first), ...messages.slice(from)];
}

/** Estimates the tokens of a chat. */
export function chatTokens(messages: readonly LlmMessage[]): number {
  return messages.reduce((sum, message) => sum + tokensOf(message), 0);
}

/**
 * Checks the question itself, which nothing can shorten.
 * @throws AgentSocketError `context_too_long` if it has more than `maxTokens` tokens, estimated.
 */
export function checkQuestion(question: string, attachments: readonly LlmAttachment[], maxTokens: number): void {
  let tokens = estimateTokens(question);
  for (const attachment of attachments) tokens += attachmentTokens(attachment);
  if (tokens <= maxTokens) return;
  throw new AgentSocketError(
    'context_too_long',
    `The question has about ${tokens} tokens, and the server takes ${Math.floor(maxTokens)}`,
  );
}

/** Tokens that every message costs besides its text, roughly. */
const MESSAGE_TOKENS = 4;

/** Tokens of an image, roughly: servers count 85 to 1,600, by its size. */
const IMAGE_TOKENS = 1_000;

function tokensOf(message: LlmMessage): number {
  const calls = message.role === 'assistant' ? (message.toolCalls ?? []) : [];
  const attachments = message.role === 'user' ? (message.attachments ?? []) : [];
  let tokens = estimateTokens(message.content) + MESSAGE_TOKENS;
  for (const { name, arguments: text } of calls) tokens += estimateTokens(name) + estimateTokens(text);
  for (const attachment of attachments) tokens += attachmentTokens(attachment);
  return tokens;
}

/** A text costs what its characters cost; a page of a PDF has about 60 KB and costs 2,000 tokens. */
function attachmentTokens({ type, mediaType, data = '' }: LlmAttachment): number {
  if (type === 'image') return IMAGE_TOKENS;
  const bytes = (data.length * 3) / 4;
  return Math.ceil(bytes / (mediaType.startsWith('text/') ? 4 : 30));
}
