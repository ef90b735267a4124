import { ERROR_CODES, type ErrorCodeInfo } from '../protocol/error-codes.js';
import type { Usage } from '../protocol/server-messages.js';
import { Answer } from './answer.js';
import type { Message } from './frames.js';
import { failureOf, listOf, textOf, type Failure } from './message-fields.js';
import { endOf, runIdOf, timeOf, type Turn } from './transcript.js';

/** Makes an answer of what the history tells. */
export function historyAnswer(turn: Turn, conversationId: string): Answer {
  const query = textOf(turn.question, 'content') ?? '';
  const { attachments } = turn.question;
  const request = { type: 'streaming_query', query, conversation_id: conversationId, attachments };
  const answer = new Answer('streaming_query', request, runIdOf(turn), undefined, 'history', timeOf(turn));
  fillFromHistory(answer, turn);
  return answer;
}

/** Shows what the history has of an answer. */
export function fillFromHistory(answer: Answer, turn: Turn): void {
  answer.restart();
  for (const step of turn.steps) {
    const content = textOf(step, 'content') ?? '';
    const reasoning = textOf(step, 'reasoning') ?? '';
    if (reasoning !== '') answer.append('reasoning', reasoning);
    if (step['role'] === 'tool') settle(answer, step, content);
    else if (content !== '') answer.append('text', content);
    for (const call of listOf(step, 'tool_calls')) {
      const params = parse(textOf(call, 'arguments') ?? '');
      answer.callTool(textOf(call, 'tool_call_id') ?? '', textOf(call, 'tool_name') ?? '', params);
    }
  }
  const last = turn.steps.at(-1) ?? {};
  answer.model = textOf(last, 'model');
  answer.finishReason = textOf(last, 'finish_reason');
  answer.usage = last['usage'] as Usage | undefined;
  answer.failure = errorOf(last);
  answer.end(endOf(turn));
}

function settle(answer: Answer, step: Message, content: string): void {
  const id = textOf(step, 'tool_call_id') ?? '';
  const { data, error } = step;
  for (const report of Array.isArray(data) ? (data as readonly unknown[]) : []) answer.report(id, report);
  // Histories of earlier versions have the error of a tool in its content alone.
  const outcome = error ?? parse(content);
  const keys = typeof outcome === 'object' && outcome !== null ? Object.keys(outcome) : [];
  const hasFailed = error !== undefined || (keys.length === 1 && keys[0] === 'error');
  answer.settleTool(id, hasFailed ? 'failed' : 'done', outcome);
}

/** Why an answer failed. The history has no more of it than code and text. */
function errorOf(step: Message): Failure | undefined {
  const error = step['error'] as Message | undefined;
  if (error === undefined) return undefined;
  const codes: Readonly<Record<string, ErrorCodeInfo>> = ERROR_CODES;
  return failureOf({ ...error, retryable: codes[textOf(error, 'code') ?? '']?.retryable });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
