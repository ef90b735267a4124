import { Answer } from './answer.js';
import type { Message } from './frames.js';
import { listOf, textOf } from './message-fields.js';
import { endOf, runIdOf, timeOf, type Turn } from './transcript.js';

/** Makes an answer of what the history tells. */
export function historyAnswer(turn: Turn, conversationId: string): Answer {
  const query = textOf(turn.question, 'content') ?? '';
  const request = { type: 'streaming_query', query, conversation_id: conversationId };
  const answer = new Answer('streaming_query', request, runIdOf(turn), undefined, 'history', timeOf(turn));
  fillFromHistory(answer, turn);
  return answer;
}

/** Shows what the history has of an answer. */
export function fillFromHistory(answer: Answer, turn: Turn): void {
  answer.restart();
  for (const step of turn.steps) {
    const content = textOf(step, 'content') ?? '';
    if (step['role'] === 'tool') settle(answer, step, content);
    else if (content !== '') answer.append('text', content);
    for (const call of listOf(step, 'tool_calls')) {
      const params = parse(textOf(call, 'arguments') ?? '');
      answer.callTool(textOf(call, 'tool_call_id') ?? '', textOf(call, 'tool_name') ?? '', params);
    }
  }
  answer.end(endOf(turn));
}

/** A tool answers the model with its result as JSON, or with an object that holds nothing but `error`. */
function settle(answer: Answer, step: Message, content: string): void {
  const outcome = parse(content);
  const keys = typeof outcome === 'object' && outcome !== null ? Object.keys(outcome) : [];
  const hasFailed = keys.length === 1 && keys[0] === 'error';
  answer.settleTool(textOf(step, 'tool_call_id') ?? '', hasFailed ? 'failed' : 'done', outcome);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
