import { randomUUID } from 'node:crypto';
import type { LlmMessage } from '../agent/llm-provider.js';
import { AgentSocketError } from '../errors/agent-socket-error.js';
import type { ConversationKey, ConversationMessage, ConversationStore } from './conversation-store.js';

/** Messages of a conversation a model is asked with at most; what fits its context is less. */
const MAX_HISTORY = 1_000;
/** UTF-16 units of them: about a million tokens, and what one question may cost in memory. */
const MAX_HISTORY_LENGTH = 4_000_000;

/** A question as a conversation takes it. */
export interface Question {
  readonly query: string;
  /** The message it replaces, with all after it. */
  readonly replaceFrom?: string | undefined;
}

/** The part of a conversation that one run adds. */
export class ConversationTurn {
  readonly #store: ConversationStore;
  readonly #key: ConversationKey;
  readonly #runId: string;

  constructor(store: ConversationStore, key: ConversationKey, runId: string) {
    this.#store = store;
    this.#key = key;
    this.#runId = runId;
  }

  /**
   * What was said before, and records the question.
   * @throws AgentSocketError `message_not_found`
   */
  async ask({ query, replaceFrom }: Question, signal: AbortSignal): Promise<LlmMessage[]> {
    // Nothing is waited for where nothing has to be: the question is then committed with the first message of the run.
    let isAnswer = false;
    if (replaceFrom !== undefined) {
      const truncated = this.#store.truncate(this.#key, replaceFrom);
      const replaced = truncated instanceof Promise ? await truncated : truncated;
      if (replaced === undefined) {
        throw new AgentSocketError('message_not_found', 'The conversation has no message with this id');
      }
      isAnswer = replaced.role !== 'user';
    }
    const read = this.#store.read(this.#key, { limit: MAX_HISTORY, maxLength: MAX_HISTORY_LENGTH });
    const { items } = read instanceof Promise ? await read : read;
    // A run that ended meanwhile adds nothing: it is the turn of the next.
    signal.throwIfAborted();
    const last = items.findLastIndex(({ role }) => role === 'user');
    // An answer is made anew: its question stands there already, and the tool calls that led to it go with it.
    if (isAnswer && items[last]?.content === query) {
      const step = items[last + 1];
      if (step !== undefined) await this.#store.truncate(this.#key, step.id);
      return items.slice(0, last).map(toLlmMessage);
    }
    // Where the result of a tool was replaced, the calls it belonged to have lost an answer, and no model takes them.
    const cut = firstUnanswered(items);
    const kept = items.slice(0, cut);
    const unanswered = items[cut];
    if (unanswered !== undefined) {
      await this.#store.truncate(this.#key, unanswered.id);
      signal.throwIfAborted();
    }
    this.add([{ role: 'user', content: query }]);
    if (kept.length === 0) await this.#name(query, signal);
    return kept.map(toLlmMessage);
  }

  /** A conversation that nobody has named is called by its first question. */
  async #name(query: string, signal: AbortSignal): Promise<void> {
    const info = await this.#store.find(this.#key);
    signal.throwIfAborted();
    if (info?.title === undefined) this.#store.update(this.#key, { title: titleOf(query) });
  }

  /** Records messages; the last answer may not be whole. */
  add(messages: readonly LlmMessage[], status?: ConversationMessage['status']): void {
    const createdAt = Date.now();
    const stored = messages.flatMap((message, index): ConversationMessage[] => {
      const added = { id: randomUUID(), runId: this.#runId, createdAt };
      if (message.role === 'system') return [];
      if (message.role === 'assistant' && status !== undefined && index === messages.length - 1) {
        return [{ ...message, ...added, status }];
      }
      if (message.role === 'tool' || message.role === 'assistant') return [{ ...message, ...added }];
      return [{ role: 'user', content: message.content, ...added }];
    });
    if (stored.length > 0) this.#store.append(this.#key, stored);
  }
}

/** The index of the last step whose tool calls are not all answered; the length where there is none. */
function firstUnanswered(items: readonly ConversationMessage[]): number {
  const step = items.findLastIndex(({ toolCalls = [] }) => toolCalls.length > 0);
  const { toolCalls = [] } = items[step] ?? {};
  const answered = new Set(items.slice(step + 1).map(({ toolCallId }) => toolCallId));
  return toolCalls.every(({ id }) => answered.has(id)) ? items.length : step;
}

/** Characters of a question that make a title. */
const TITLE_LENGTH = 80;

function titleOf(query: string): string {
  const characters = Array.from(query.slice(0, 1_000).trim().replaceAll(/\s+/g, ' '));
  return characters.length <= TITLE_LENGTH ? characters.join('') : `${characters.slice(0, TITLE_LENGTH - 1).join('')}…`;
}

function toLlmMessage({ role, content, toolCalls, toolCallId = '', toolName = '' }: ConversationMessage): LlmMessage {
  switch (role) {
    case 'user':
      return { role, content };
    case 'assistant':
      return { role, content, ...(toolCalls !== undefined && { toolCalls }) };
    case 'tool':
      return { role, content, toolCallId, toolName };
  }
}
