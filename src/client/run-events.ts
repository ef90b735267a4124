import type { ServerMessage, ServerMessageOf } from '../protocol/server-messages.js';
import { AgentClientError, errorOf } from './client-error.js';
import type { PendingApproval, RunAnswer, RunEvent, RunUsage, ToolFailure } from './run-event.js';

/** A message in the log of a run. */
export type RunMessage = Extract<ServerMessage, { seq?: number | undefined }> & { run_id: string; seq: number };

/** What the last message of a run adds to its answer. */
export type Ending = Partial<RunAnswer>;

/** An event, or an end whose answer the run completes. */
export type RunStep =
  | Exclude<RunEvent, { type: 'end'; state: 'finished' }>
  | { readonly type: 'finished'; readonly ending: Ending };

/** Turns a message of a run into events. */
export function stepsOf(message: RunMessage): readonly RunStep[] {
  switch (message.type) {
    case 'status':
      return [{ type: 'state', state: 'running' }, ...placeOf(message)];
    case 'stream_start':
      return [{ type: 'state', state: 'running' }, { type: 'start', ...whose(message) }, ...placeOf(message)];
    case 'stream_chunk':
      return [{ type: 'text', text: message.content }];
    case 'stream_reasoning':
      return [{ type: 'reasoning', text: message.content }];
    case 'stream_tool_call':
      return [{ type: 'tool-call', ...callOf(message), params: message.params }];
    case 'stream_data':
      return [{ type: 'data', ...callOf(message), data: message.data }];
    case 'stream_tool_result': {
      const error = failureOf(message.error);
      return [
        { type: 'tool-result', ...callOf(message), ...(error === undefined ? { result: message.result } : { error }) },
      ];
    }
    case 'approval_request':
      return [{ type: 'approval-request', isPending: true, ...approvalOf(message) }];
    case 'approval_resolved': {
      const { approved, by, reason } = message;
      return [{ type: 'approval-resolved', toolCallId: message.tool_call_id, approved, by, reason }];
    }
    case 'agent_response':
      return [
        { type: 'start', ...whose(message) },
        { type: 'text', text: message.content },
        { type: 'finished', ending: { ...whose(message), ...costOf(message) } },
      ];
    case 'stream_end':
      return [{ type: 'finished', ending: costOf(message) }];
    case 'tool_result':
      return [{ type: 'finished', ending: { result: message.result } }];
    case 'cancelled': {
      const { run_id: runId, reason } = message;
      const error = new AgentClientError('cancelled', 'The run was cancelled', { runId, reason });
      return [...partOf(message), { type: 'end', state: 'cancelled', error, ...told(message) }];
    }
    case 'error': {
      const state = message.code === 'run_interrupted' ? 'interrupted' : 'failed';
      return [...partOf(message), { type: 'end', state, error: errorOf(message), ...told(message) }];
    }
    default:
      // A later version of the server may send messages that this version does not know.
      return [];
  }
}

/** The common part of `approval_request` and `resumed.pending_approvals`. */
export function approvalOf(
  asked: NonNullable<ServerMessageOf<'resumed'>['pending_approvals']>[number],
): PendingApproval {
  return { ...callOf(asked), params: asked.params, expiresInMs: asked.expires_in_ms };
}

function callOf({ tool_call_id, tool_name }: { tool_call_id: string; tool_name: string }) {
  return { toolCallId: tool_call_id, toolName: tool_name };
}

function whose({ vendor, model, conversation_id }: ServerMessageOf<'stream_start' | 'agent_response'>) {
  return { vendor, model, conversationId: conversation_id };
}

function costOf({ finish_reason, usage }: Pick<ServerMessageOf<'stream_end'>, 'finish_reason' | 'usage'>) {
  return { finishReason: finish_reason, usage: usageOf(usage) };
}

function told({ usage }: Pick<ServerMessageOf<'error'>, 'usage'>) {
  return { usage: usageOf(usage), isFinal: true };
}

function placeOf({ question_id, answer_id }: ServerMessageOf<'stream_start' | 'status'>): readonly RunStep[] {
  if (question_id === undefined || answer_id === undefined) return [];
  return [{ type: 'placed', questionId: question_id, answerId: answer_id }];
}

/** Usage as the client gives it; also used for the history. */
export function usageOf(usage: ServerMessageOf<'stream_end'>['usage']): RunUsage | undefined {
  if (usage === undefined) return undefined;
  return {
    inputTokens: usage.input_tokens,
    outputTokens: usage.output_tokens,
    cachedInputTokens: usage.cached_input_tokens,
    reasoningTokens: usage.reasoning_tokens,
    estimated: usage.estimated ?? false,
  };
}

/** The failure of a tool or an answer; also used for the history. */
export function failureOf(error: ServerMessageOf<'stream_tool_result'>['error']): ToolFailure | undefined {
  return error === undefined ? undefined : { code: error.code, message: error.error };
}

function partOf({ content = '' }: { content?: string | undefined }): readonly RunStep[] {
  return content === '' ? [] : [{ type: 'text', text: content }];
}
