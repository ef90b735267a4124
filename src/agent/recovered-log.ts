import type { LlmAssistantMessage, LlmMessage } from './llm-provider.js';
import type { LlmOrigin } from '../store/llm-origin.js';
import type { LlmToolCall } from '../tool/llm-tool.js';
import type { ToolCall, ToolOutcome } from '../tool/run-tool.js';
import { AgentSocketError } from '../protocol/agent-socket-error.js';
import type { ServerMessage } from '../protocol/server-messages.js';
import type { RunLog } from '../log/run-log.js';

/** A call without an outcome. */
export interface OpenCall extends ToolCall {
  readonly data?: readonly unknown[] | undefined;
}

/** What the log of an interrupted run says about its work. */
export interface RecoveredLog {
  /** Messages of the complete steps, for the model; open calls get their results later. */
  readonly messages: LlmMessage[];
  /** Text after the last tool call. */
  readonly text: string;
  /** Text and reasoning after the last tool call; absent if there is none. */
  readonly answer?: LlmAssistantMessage | undefined;
  /** Calls whose outcome the log does not have, with what the tools reported. */
  readonly openCalls: readonly OpenCall[];
  /** Approval requests that nobody answered. */
  readonly openApprovals: readonly string[];
}

/** What a draft says of one step. */
interface DraftStep {
  /** Text of an `agent_query`: the log of such a run gets it only at the end. */
  text?: string;
  /** What the model said before calling tools, with provider data. */
  said?: LlmAssistantMessage;
}

/** What is stored besides the log of a run. */
export interface Draft {
  /** If the question began a branch: the last message of the branch that was selected before. */
  before?: string;
  /** The steps; tool calls lie between them. */
  readonly steps: Map<number, DraftStep>;
}

/** The line of a draft that records which branch was selected before. */
export function draftOfBranch(before: string): string {
  return `${JSON.stringify({ before })}\n`;
}

/** A line of a draft: a piece of text, or a whole message. */
export function draftLine(step: number, said: string | LlmAssistantMessage): string {
  return `${JSON.stringify([step, said])}\n`;
}

/** Reads the lines of {@link draftLine} and {@link draftOfBranch}. */
export function readDraft(written: string): Draft {
  const draft: Draft = { steps: new Map() };
  for (const line of written.split('\n')) {
    if (line === '') continue;
    const read = JSON.parse(line) as [number, string | LlmAssistantMessage] | { readonly before: string };
    if (!Array.isArray(read)) draft.before = read.before;
    else {
      const [step, said] = read;
      const known = draft.steps.get(step) ?? {};
      draft.steps.set(
        step,
        typeof said === 'string' ? { ...known, text: (known.text ?? '') + said } : { ...known, said },
      );
    }
  }
  return draft;
}

/** Reads what an interrupted run left: its log and its draft. */
export async function readRecoveredLog(log: RunLog, { steps }: Draft = readDraft('')): Promise<RecoveredLog> {
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
  // Every step except the last one called tools.
  let step = 1;
  const said = (toolCalls: LlmToolCall[] | undefined): LlmAssistantMessage => ({
    role: 'assistant',
    content: steps.get(step)?.text ?? text,
    ...(reasoning !== '' && { reasoning }),
    ...(toolCalls !== undefined && { toolCalls }),
    ...(origin !== undefined && { origin }),
    ...(toolCalls !== undefined && { ...steps.get(step)?.said, toolCalls }),
  });
  let drafted: readonly LlmToolCall[] = [];
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
          if (calls === undefined) {
            calls = [];
            drafted = steps.get(step)?.said?.toolCalls ?? [];
            messages.push(said(calls));
            text = '';
            reasoning = '';
            step++;
          }
          const asItCame = drafted.find(({ id }) => id === toolCallId);
          calls.push(asItCame ?? { id: toolCallId, name: toolName, arguments: JSON.stringify(params) });
          break;
        }
        case 'stream_data':
          reportsOf(message.tool_call_id).push(message.data);
          break;
        case 'stream_tool_result': {
          // All calls of a step come before the first result.
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

/** The outcome of a call that a crash cut off. */
export function cutOff({ toolName }: ToolCall, wasStarted: boolean): ToolOutcome {
  const error = wasStarted
    ? new AgentSocketError('outcome_unknown', `The server stopped during the call to "${toolName}"; it is not repeated`)
    : new AgentSocketError('run_interrupted', `The server stopped before the call to "${toolName}" started`);
  return { ok: false, error };
}

/** The result of a call, as a message of the chat. */
export function toolAnswer({ toolCallId, toolName, data }: OpenCall, outcome: ToolOutcome): LlmMessage {
  const message = { role: 'tool', toolCallId, toolName, ...(data !== undefined && { data }) } as const;
  if (outcome.ok) return { ...message, content: JSON.stringify(outcome.result) };
  const { code, message: error } = outcome.error;
  return { ...message, content: JSON.stringify({ error }), error: { code, message: error } };
}
