import type { AgentClientError } from './client-error.js';
import type { ClientRun } from './client-run.js';
import type { HistoryMessage } from './history.js';
import type { ToolCall } from './run-event.js';

/** A message of a conversation as it is shown. */
export interface ChatMessage {
  /** That of the history, or one made up while the message is not stored: a key for React either way. */
  readonly id: string;
  readonly role: 'user' | 'assistant' | 'tool';
  readonly content: string;
  /** What the model thinks aloud, while the answer is written. */
  readonly reasoning: string;
  readonly toolCalls: readonly ToolCall[];
  /** Of a tool message: the call it answers. */
  readonly toolCallId?: string | undefined;
  readonly toolName?: string | undefined;
  /** `pending`: it is being sent, waited for or written. The others say whether an answer is whole, or why not. */
  readonly status: 'complete' | 'pending' | 'cancelled' | 'failed' | 'interrupted';
  /** Why an answer is not whole, where this client saw it end. */
  readonly error?: AgentClientError | undefined;
  readonly runId?: string | undefined;
  /** Whether `id` is that of the history, so that `replaceFrom` knows it. */
  readonly isStored: boolean;
}

/** A question of which the history knows nothing yet, or not all. */
export interface Turn {
  readonly run: ClientRun;
  readonly query: string;
  /** Where an answer is made anew, its question stands in the history. */
  readonly showsQuery: boolean;
}

export function fromHistory(message: HistoryMessage): ChatMessage {
  const { id, role, content, toolCalls = [], toolCallId, toolName, status = 'complete', runId } = message;
  return {
    id,
    role,
    content,
    reasoning: '',
    toolCalls: toolCalls.map((call) => ({
      toolCallId: call.toolCallId,
      toolName: call.toolName,
      params: parse(call.arguments),
      isDone: true,
    })),
    toolCallId,
    toolName,
    status,
    runId,
    isStored: true,
  };
}

/** The messages of a turn in progress, or of one that was refused. */
export function fromTurn({ run, query, showsQuery }: Turn): ChatMessage[] {
  const { id: runId, text, reasoning, toolCalls, error } = run;
  const made = { reasoning: '', toolCalls: [], runId, isStored: false };
  const status = statusOf(run);
  const question: ChatMessage = { ...made, id: `${runId}:user`, role: 'user', content: query, status: 'complete' };
  const answer: ChatMessage = {
    ...made,
    id: `${runId}:assistant`,
    role: 'assistant',
    content: text,
    reasoning,
    toolCalls,
    status,
    error,
  };
  return showsQuery ? [question, answer] : [answer];
}

/** Whether the run of a turn is in progress. */
export function isLive({ run }: Turn): boolean {
  return statusOf(run) === 'pending';
}

function statusOf({ state }: ClientRun): ChatMessage['status'] {
  if (state === 'finished' || state === 'detached') return 'complete';
  return state === 'cancelled' || state === 'failed' || state === 'interrupted' ? state : 'pending';
}

/** A model may write broken JSON; then its text is shown. */
function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return json;
  }
}
