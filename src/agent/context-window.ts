import { AgentSocketError } from '../protocol/agent-socket-error.js';
import { andThen } from '../runtime/awaitable.js';
import { kindOf } from '../runtime/kind-of.js';
import { aFunction, type Rule } from '../runtime/rule.js';
import { estimateTokens } from './estimate-tokens.js';
import type { LlmAttachment, LlmMessage } from './llm-provider.js';

/**
 * Makes a chat fit a context window. Called before the first model call of every run in a conversation.
 * @param messages - system prompt, history and question, in order; of the history at most the newest 1,000 messages and
 *   four million characters
 * @param maxTokens - the option `maxContextTokens`
 * @returns the chat that the model is asked with; if its last message is not the question, the run fails with `internal_error`
 */
export type FitContext = (
  this: void,
  messages: readonly LlmMessage[],
  maxTokens: number,
) => readonly LlmMessage[] | Promise<readonly LlmMessage[]>;

/** The check of the option, and of what the function gives. */
export const aFitContext: Rule<FitContext> = {
  sentence: aFunction.sentence,
  read(option, value) {
    const fit = aFunction.read(option, value) as FitContext;
    return (messages, maxTokens) => andThen(fit(messages, maxTokens), (chat) => checkChat(option, chat));
  },
};

function checkChat(option: string, chat: unknown): readonly LlmMessage[] {
  const messages = Array.isArray(chat) ? (chat as readonly LlmMessage[]) : undefined;
  if (messages?.at(-1)?.role === 'user') return messages;
  const given =
    messages === undefined ? `${kindOf(chat)} in place of a chat` : 'a chat that does not end with the question';
  throw new TypeError(`The function "${option}" gave ${given}`);
}

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
