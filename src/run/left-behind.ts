import type { LlmAssistantMessage, LlmMessage, LlmOrigin, LlmToolCall } from '../agent/llm-provider.js';
import type { ToolCall, ToolOutcome } from '../agent/run-tool.js';
import { AgentSocketError } from '../errors/agent-socket-error.js';
import type { ServerMessage } from '../protocol/server-messages.js';
import type { RunLog } from './run-log.js';

/** A call that has no outcome. */
export interface OpenCall extends ToolCall {
  readonly data?: readonly unknown[] | undefined;
}

/** What the log of an interrupted run says about its work. */
export interface LeftBehind {
  /** What was said and done in whole steps, as a model is told it; open calls are answered with their errors later. */
  readonly messages: LlmMessage[];
  /** Text after the last tool call. */
  readonly text: string;
  /** What was said and thought after the last tool call; absent where nothing was. */
  readonly answer?: LlmAssistantMessage | undefined;
  /** Calls whose outcome the log does not have, with what they reported. */
  readonly openCalls: readonly OpenCall[];
  /** Questions to a person nobody answered. */
  readonly openApprovals: readonly string[];
}

/** Text of an `agent_query` as its draft holds it: with its step, since tool calls lie between the steps. */
export function draftLine(step: number, text: string): string {
  return `${JSON.stringify([step, text])}\n`;
}

/** The texts of a draft by step. */
export function readDraft(draft: string): Map<number, string> {
  const texts = new Map<number, string>();
  for (const line of draft.split('\n')) {
    if (line === '') continue;
    const [step, text] = JSON.parse(line) as [number, string];
    texts.set(step, (texts.get(step) ?? '') + text);
  }
  return texts;
}

/** Reads what an interrupted run left behind. `texts` of its steps is what its log does not hold. */
export async function readLeftBehind(log: RunLog, texts?: ReadonlyMap<number, string>): Promise<LeftBehind> {
  const messages: LlmMessage[] = [];
  const openCalls = new Map<string, ToolCall>();
  const reports = new Map<string, unknown[]>();
  const reportsOf = (id: string): unknown[] => {
    const known = reports.get(id) ?? [];
    reports.set(id, known);
    return known;
  };
  const openApprovals = new Set<string>();
  let text = '';
  let reasoning = '';
  let origin: LlmOrigin | undefined;
  let calls: LlmToolCall[] | undefined;
  // Every step but the last one called tools.
  let step = 1;
  const said = (toolCalls: LlmToolCall[] | undefined): LlmAssistantMessage => ({
    role: 'assistant',
    content: texts?.get(step) ?? text,
    ...(reasoning !== '' && { reasoning }),
    ...(toolCalls !== undefined && { toolCalls }),
    ...(origin !== undefined && { origin }),
  });
  for (let after = 0; after < log.published;) {
    const entries = await log.read(after);
    for (const { encoded } of entries) {
      const message = JSON.parse(encoded) as ServerMessage;
      switch (message.type) {
        case 'stream_start': {
          const { vendor, model } = message;
          if (vendor !== undefined) origin = { vendor, ...(model !== undefined && { model }) };
          break;
        }
        case 'stream_chunk':
          text += message.content;
          break;
        case 'stream_reasoning':
          reasoning += message.content;
          break;
        case 'stream_tool_call': {
          const { tool_call_id: toolCallId, tool_name: toolName, params } = message;
          openCalls.set(toolCallId, { toolCallId, toolName, params });
          const call = { id: toolCallId, name: toolName, arguments: JSON.stringify(params) };
          if (calls === undefined) {
            calls = [];
            messages.push(said(calls));
            text = '';
            reasoning = '';
            step++;
          }
          calls.push(call);
          break;
        }
        case 'stream_data':
          reportsOf(message.tool_call_id).push(message.data);
          break;
        case 'stream_tool_result': {
          // All calls of a step are told before the first result.
          calls = undefined;
          const { tool_call_id: toolCallId, tool_name: toolName, error, result } = message;
          openCalls.delete(toolCallId);
          messages.push({
            role: 'tool',
            toolCallId,
            toolName,
            content: JSON.stringify(error === undefined ? result : { error: error.error }),
            ...(error !== undefined && { error: { code: error.code, message: error.error } }),
            ...(reports.has(toolCallId) && { data: reports.get(toolCallId) }),
          });
          break;
        }
        case 'approval_request':
          openApprovals.add(message.tool_call_id);
          break;
        case 'approval_resolved':
          openApprovals.delete(message.tool_call_id);
          break;
        default:
          break;
      }
    }
    after = entries.at(-1)?.seq ?? log.published;
  }
  const answer = said(undefined);
  return {
    messages,
    text: answer.content,
    answer: answer.content === '' && reasoning === '' ? undefined : answer,
    openCalls: [...openCalls.values()].map((call) => ({ ...call, data: reports.get(call.toolCallId) })),
    openApprovals: [...openApprovals],
  };
}

/** What is known of a call after a crash. */
export function cutOff({ toolName }: ToolCall, wasStarted: boolean): ToolOutcome {
  const error = wasStarted
    ? new AgentSocketError('outcome_unknown', `The server stopped during the call to "${toolName}"; it is not repeated`)
    : new AgentSocketError('run_interrupted', `The server stopped before the call to "${toolName}" started`);
  return { ok: false, error };
}

/** What a call came to, as a message of the chat. */
export function toolAnswer({ toolCallId, toolName, data }: OpenCall, outcome: ToolOutcome): LlmMessage {
  const message = { role: 'tool', toolCallId, toolName, ...(data !== undefined && { data }) } as const;
  if (outcome.ok) return { ...message, content: JSON.stringify(outcome.result) };
  const { code, message: error } = outcome.error;
  return { ...message, content: JSON.stringify({ error }), error: { code, message: error } };
}
