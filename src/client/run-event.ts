import type { FinishReason, RunState, ServerMessageOf } from '../protocol/server-messages.js';
import type { AgentClientError } from './client-error.js';

/** What was asked for. */
export type RunKind = ServerMessageOf<'run_started'>['kind'];

/**
 * Where a run stands, as far as this client knows. `sending`: the server has not said yet that it took it.
 * `detached`: it is read no longer.
 */
export type ClientRunState = 'sending' | RunState | 'detached';

/** How a run ended for this client. */
export type EndState = Extract<ClientRunState, 'finished' | 'failed' | 'cancelled' | 'interrupted' | 'detached'>;

/** What a run cost, in tokens. */
export interface RunUsage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Of the input tokens, those the provider had cached; absent where it does not tell. */
  readonly cachedInputTokens?: number | undefined;
  /** Of the output tokens, those that were reasoning; absent where the provider does not tell. */
  readonly reasoningTokens?: number | undefined;
  /** Whether the provider did not tell and the server estimated. */
  readonly estimated: boolean;
}

/** A tool the model called, and what became of it. */
export interface ToolCall {
  readonly toolCallId: string;
  readonly toolName: string;
  readonly params: unknown;
  /** What it returned; absent while it runs, and where it failed. */
  readonly result?: unknown;
  readonly error?: ToolFailure | undefined;
  /** Whether the call is over. */
  readonly isDone: boolean;
}

/** Why a tool has no result. */
export interface ToolFailure {
  readonly code: string;
  readonly message: string;
}

/** Under which ids a conversation keeps what a run adds to it. */
export interface RunPlace {
  /** Of the question: a new one, or the one that is answered anew. */
  readonly questionId: string;
  /** Of the first message of the answer. */
  readonly answerId: string;
}

/** A tool that waits for the decision of a person. */
export interface PendingApproval {
  readonly toolCallId: string;
  readonly toolName: string;
  /** What the tool would run with, and nothing else. */
  readonly params: unknown;
  /** How long the decision may take, in milliseconds from when the client heard of it. */
  readonly expiresInMs: number;
}

/** The whole answer of a run that finished. */
export interface RunAnswer {
  readonly runId: string;
  /** The answer to a query; empty for a tool call. */
  readonly text: string;
  /** What the model thought aloud. */
  readonly reasoning: string;
  /** The tools the model called. */
  readonly toolCalls: readonly ToolCall[];
  /** What the tool returned, for a direct tool call. */
  readonly result?: unknown;
  readonly vendor?: string | undefined;
  readonly model?: string | undefined;
  readonly conversationId?: string | undefined;
  /** Why the model stopped. */
  readonly finishReason?: FinishReason | undefined;
  readonly usage?: RunUsage | undefined;
}

/** What happens in a run, by `type`. The last event of every run is its `end`. */
export type RunEvent =
  /** The run moved on; `position` tells how many runs of the conversation end before a queued one starts. */
  | { readonly type: 'state'; readonly state: ClientRunState; readonly position?: number | undefined }
  /** The answer begins. */
  | {
      readonly type: 'start';
      readonly vendor?: string | undefined;
      readonly model?: string | undefined;
      readonly conversationId?: string | undefined;
    }
  /** The conversation has the question, and will have the answer, under these ids. */
  | ({ readonly type: 'placed' } & RunPlace)
  /** The next piece of the answer; the whole of it where the run is an `agent_query`. */
  | { readonly type: 'text'; readonly text: string }
  /** The next piece of what the model thinks aloud. */
  | { readonly type: 'reasoning'; readonly text: string }
  | {
      readonly type: 'tool-call';
      readonly toolCallId: string;
      readonly toolName: string;
      readonly params: unknown;
    }
  /** A tool that is at work reports: its progress, a table, a chart. */
  | { readonly type: 'data'; readonly toolCallId: string; readonly toolName: string; readonly data: unknown }
  /** The tool answered: with an `error` it failed, and the model was told. */
  | {
      readonly type: 'tool-result';
      readonly toolCallId: string;
      readonly toolName: string;
      readonly result?: unknown;
      readonly error?: ToolFailure | undefined;
    }
  /** A tool waits for a decision. Heard again from a replay, it may be decided already: then `isPending` is `false`. */
  | ({ readonly type: 'approval-request'; readonly isPending: boolean } & PendingApproval)
  | {
      readonly type: 'approval-resolved';
      readonly toolCallId: string;
      readonly approved: boolean;
      /** A client, the time, or the end of the run decided. */
      readonly by: 'principal' | 'expiry' | 'cancel';
      readonly reason?: string | undefined;
    }
  /** The server lost what it had sent: everything before this event is void, and the run is told from its start. */
  | { readonly type: 'reset' }
  | { readonly type: 'end'; readonly state: 'finished'; readonly answer: RunAnswer }
  /** There is no whole answer. What there is of it was told by the events before, and stays in `run.text`. */
  | {
      readonly type: 'end';
      readonly state: Exclude<EndState, 'finished'>;
      readonly error: AgentClientError;
      /** What it cost, where the server told. */
      readonly usage?: RunUsage | undefined;
      /** Whether the server ended it. Otherwise this client reads it no longer, or it was refused. */
      readonly isFinal: boolean;
    };

/** An event by its `type`. */
export type RunEventOf<T extends RunEvent['type']> = Extract<RunEvent, { readonly type: T }>;
