import type { Usage } from '../protocol/server-messages.js';
import type { Answer, AnswerEnd } from './answer.js';
import type { Message } from './frames.js';
import { failureOf, numberOf, textOf } from './message-fields.js';

/** Takes the next message of a run into its answer. Says how the answer ends, where it does. */
export function applyMessage(answer: Answer, message: Message): AnswerEnd | undefined {
  const id = textOf(message, 'tool_call_id') ?? '';
  const name = textOf(message, 'tool_name') ?? '';
  answer.vendor = textOf(message, 'vendor') ?? answer.vendor;
  answer.model = textOf(message, 'model') ?? answer.model;
  answer.finishReason = textOf(message, 'finish_reason') ?? answer.finishReason;
  answer.usage = (message['usage'] as Usage | undefined) ?? answer.usage;
  switch (message['type']) {
    case 'status':
    case 'stream_start':
      answer.enter('running');
      return undefined;
    case 'stream_chunk':
      answer.append('text', textOf(message, 'content') ?? '');
      return undefined;
    case 'stream_reasoning':
      answer.append('reasoning', textOf(message, 'content') ?? '');
      return undefined;
    case 'stream_tool_call':
      answer.callTool(id, name, message['params']);
      return undefined;
    case 'stream_data':
      openDirectCall(answer, id, name);
      answer.report(id, message['data']);
      return undefined;
    case 'stream_tool_result': {
      openDirectCall(answer, id, name);
      const failed = message['error'] !== undefined;
      answer.settleTool(id, failed ? 'failed' : 'done', failed ? message['error'] : message['result']);
      return undefined;
    }
    case 'approval_request':
      answer.askApproval(id, name, message['params'], numberOf(message, 'expires_in_ms') ?? 0);
      return undefined;
    case 'approval_resolved':
      resolveApproval(answer, message);
      return undefined;
    case 'tool_result': {
      const callId = textOf(message, 'run_id') ?? '';
      openDirectCall(answer, callId, name);
      answer.settleTool(callId, 'done', message['result']);
      return 'finished';
    }
    case 'agent_response':
      answer.append('text', textOf(message, 'content') ?? '');
      return 'finished';
    case 'stream_end':
      return 'finished';
    case 'cancelled':
      answer.cancelReason = textOf(message, 'reason');
      appendPartial(answer, message);
      return 'cancelled';
    case 'error':
      answer.failure = failureOf(message);
      appendPartial(answer, message);
      return message['code'] === 'run_interrupted' ? 'interrupted' : 'failed';
    default:
      return undefined;
  }
}

/** The call that a client made itself is announced by nothing but what comes of it. */
function openDirectCall(answer: Answer, id: string, name: string): void {
  const isOpen = answer.pieces.some((piece) => piece.kind === 'tool' && piece.id === id);
  if (answer.kind === 'tool_call' && !isOpen) answer.callTool(id, name, answer.request['params']);
}

/** Takes in the decision that stands, out of the run or out of the reply to `approval`. */
export function resolveApproval(answer: Answer, message: Message): void {
  answer.resolveApproval(textOf(message, 'tool_call_id') ?? '', {
    approved: message['approved'] === true,
    by: textOf(message, 'by') ?? '',
    reason: textOf(message, 'reason'),
  });
}

/** An answer in one piece that ended early says in its last message what there was of it. */
function appendPartial(answer: Answer, message: Message): void {
  const content = textOf(message, 'content');
  if (content !== undefined && content !== '') answer.append('text', content);
}
