import type { FinishReason, RunState, ServerMessageOf } from '../protocol/server-messages.js';
import type { AgentClientError } from './client-error.js';

/** What was asked for. */
export type RunKind = ServerMessageOf<'run_started'>['kind'];

/**
 * The state of a run, as far as this client knows. `sending`: the server has not confirmed the run yet. `detached`:
 * this client stopped reading the run.
 */
export type ClientRunState = 'sending' | RunState | 'detached';

/** How a run ended for this client. */
export type EndState = Extract<ClientRunState, 'finished' | 'failed' | 'cancelled' | 'interrupted' | 'detached'>;

/** Usage of a run, in tokens. */
export interface RunUsage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Input tokens that the provider had cached; absent if the provider does not report them. */
  readonly cachedInputTokens?: number | undefined;
  /** Output tokens that were reasoning; absent if the provider does not report them. */
  readonly reasoningTokens?: number | undefined;
  /** Whether the server estimated the usage because the provider did not report it. */
  readonly estimated: boolean;
}

/** A tool that the model called, and the outcome. */
export interface ToolCall {
  readonly toolCallId: string;
  readonly toolName: string;
  readonly params: unknown;
  /** The result; absent while the tool runs, and if it failed. */
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

/** The ids of question and answer in a conversation. */
export interface RunPlace {
  /** Id of the question: of a new one, or of the one that is answered again. */
  readonly questionId: string;
  /** Id of the first message of the answer. */
  readonly answerId: string;
}

/** A tool call that waits for the decision of a person. */
export interface PendingApproval {
  readonly toolCallId: string;
  readonly toolName: string;
  /** The exact params that the tool would get. */
  readonly params: unknown;
  /** Time for the decision, in milliseconds after the client heard of the call. */
  readonly expiresInMs: number;
}

/** What a queued run waits for, as far as the server has said. */
export interface QueuePlace {
  /** How many runs of the conversation end before this one starts. */
  readonly position?: number | undefined;
  /** The place in the line of all runs that wait for a worker; the first is 1. */
  readonly place?: number | undefined;
  /** How long the run will wait if that line moves as it did in the last minute. In milliseconds. */
  readonly estimatedWaitMs?: number | undefined;
  /** Whether no worker is running, so that the place does not change until there is one. */
  readonly noWorkers?: boolean | undefined;
}

/** The complete answer of a finished run. */
export interface RunAnswer {
  readonly runId: string;
  /** The answer to a query; empty for a tool call. */
  readonly text: string;
  /** The reasoning of the model. */
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

/** The events of a run, by `type`. The last event of every run is `end`. */
export type RunEvent =
  /** The state changed, or the place of a queued run. */
  | ({ readonly type: 'state'; readonly state: ClientRunState } & QueuePlace)
  /** The answer begins. */
  | {
      readonly type: 'start';
      readonly vendor?: string | undefined;
      readonly model?: string | undefined;
      readonly conversationId?: string | undefined;
    }
  /** The ids of question and answer in the conversation. */
  | ({ readonly type: 'placed' } & RunPlace)
  /** The next piece of the answer; the whole answer for an `agent_query`. */
  | { readonly type: 'text'; readonly text: string }
  /** The next piece of reasoning. */
  | { readonly type: 'reasoning'; readonly text: string }
  | {
      readonly type: 'tool-call';
      readonly toolCallId: string;
      readonly toolName: string;
      readonly params: unknown;
    }
  /** Data that a tool reports while it works: progress, a table, a chart. */
  | { readonly type: 'data'; readonly toolCallId: string; readonly toolName: string; readonly data: unknown }
  /** The tool has ended; an `error` says that it failed. */
  | {
      readonly type: 'tool-result';
      readonly toolCallId: string;
      readonly toolName: string;
      readonly result?: unknown;
      readonly error?: ToolFailure | undefined;
    }
  /** A tool waits for a decision. In a replay it may be decided already: then `isPending` is `false`. */
  | ({ readonly type: 'approval-request'; readonly isPending: boolean } & PendingApproval)
  | {
      readonly type: 'approval-resolved';
      readonly toolCallId: string;
      readonly approved: boolean;
      /** Who decided: a client, the time limit, or the end of the run. */
      readonly by: 'principal' | 'expiry' | 'cancel';
      readonly reason?: string | undefined;
    }
  /** The server lost what it had sent: all earlier events are void, and the run is sent from its start. */
  | { readonly type: 'reset' }
  | { readonly type: 'end'; readonly state: 'finished'; readonly answer: RunAnswer }
  /** The run has no complete answer. The partial answer was in earlier events, and stays in `run.text`. */
  | {
      readonly type: 'end';
      readonly state: Exclude<EndState, 'finished'>;
      readonly error: AgentClientError;
      /** Usage, if the server reported it. */
      readonly usage?: RunUsage | undefined;
      /** Whether the server ended the run. Otherwise this client stopped reading it, or the run was refused. */
      readonly isFinal: boolean;
    };

/** An event by its `type`. */
export type RunEventOf<T extends RunEvent['type']> = Extract<RunEvent, { readonly type: T }>;
