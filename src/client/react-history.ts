import type { Conversation } from './conversation.js';
import type { HistoryMessage } from './history.js';
import { branchOf, chatMessage, filePart, questionPart, type ChatMessage } from './react-message.js';
import { AnswerParts } from './react-parts.js';

/** Size of a page. */
const PAGE = 50;

/** A page of messages as they are shown. */
export interface ChatPage {
  readonly title: string | undefined;
  /** Oldest first. */
  readonly messages: readonly ChatMessage[];
  readonly hasMore: boolean;
}

/** Reads the newest messages, or those before one. A page has complete answers and begins with a question. */
export async function readPage(conversation: Conversation, before?: string): Promise<ChatPage> {
  let read: readonly HistoryMessage[] = [];
  for (let cursor = before; ; cursor = read[0]?.id) {
    const { title, messages, hasMore } = await conversation.history({ limit: PAGE, before: cursor });
    read = [...messages, ...read];
    const start = hasMore && messages.length > 0 ? read.findIndex(({ role }) => role === 'user') : 0;
    if (start >= 0) return { title, messages: messagesOf(read.slice(start)), hasMore };
  }
}

/** Turns stored messages into what is shown: an answer and its tool calls are one message. */
function messagesOf(history: readonly HistoryMessage[]): ChatMessage[] {
  const shown: ChatMessage[] = [];
  let answer: HistoryMessage[] = [];
  const end = (): void => {
    if (answer.length > 0) shown.push(answerOf(answer));
    answer = [];
  };
  for (const message of history) {
    if (message.role === 'user' || (answer[0] !== undefined && answer[0].runId !== message.runId)) end();
    if (message.role === 'user') shown.push(questionOf(message));
    else answer.push(message);
  }
  end();
  return shown;
}

function questionOf(message: HistoryMessage): ChatMessage {
  const { id, content, attachments = [], siblings, createdAt, runId } = message;
  return chatMessage({
    id,
    role: 'user',
    parts: [...attachments.map((info, index) => filePart(info, index)), questionPart(content)],
    status: 'complete',
    createdAt,
    branch: branchOf(id, siblings),
    runId,
    isStored: true,
  });
}

function answerOf(messages: readonly HistoryMessage[]): ChatMessage {
  const parts = new AnswerParts();
  for (const message of messages) take(parts, message);
  parts.end();
  const [first, last] = [messages[0], messages.at(-1)] as [HistoryMessage, HistoryMessage];
  return chatMessage({
    id: first.id,
    role: 'assistant',
    parts: parts.all,
    status: last.status ?? 'complete',
    error: last.role === 'assistant' ? last.error : undefined,
    model: messages.findLast(({ model }) => model !== undefined)?.model,
    finishReason: last.finishReason,
    usage: last.usage,
    createdAt: first.createdAt,
    branch: branchOf(first.id, first.siblings),
    runId: first.runId,
    isStored: true,
  });
}

function take(parts: AnswerParts, message: HistoryMessage): void {
  const { role, content, reasoning = '', toolCalls = [], toolCallId = '', toolName = '', data = [], error } = message;
  if (role === 'tool') {
    for (const reported of data) parts.data({ toolCallId, toolName }, reported);
    parts.answer(toolCallId, parse(content), error);
    return;
  }
  parts.add('reasoning', reasoning);
  parts.add('text', content);
  for (const call of toolCalls) parts.call(call, call.arguments.trim() === '' ? {} : parse(call.arguments));
}

/** A model may write invalid JSON; then its text is shown. */
function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return json;
  }
}
