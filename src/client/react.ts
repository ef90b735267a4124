/** `agent-ws/react`: runs and conversations for React 18 and later. */
import { useState, useSyncExternalStore } from 'react';
import type { ApprovalOutcome, ClientRun } from './client-run.js';
import type { AgentClient } from './client.js';
import type { TurnOptions } from './conversation.js';
import { ConversationStore, type ConversationView } from './react-conversation.js';
import { RunStore, type AgentRunView } from './react-run.js';
import type { Store } from './react-store.js';
import type { QueryOptions } from './run-options.js';

export type { AgentRunView } from './react-run.js';
export type { ConversationView } from './react-conversation.js';
export type { ChatMessage } from './react-message.js';

/** What {@link useAgentRun} gives: what the run shows, and functions that stay the same. */
export interface AgentRunHook extends AgentRunView {
  /** Asks, and shows the answer as it is written. A run in progress is cancelled. */
  start(query: string, options?: QueryOptions): ClientRun;
  /** Shows a run made elsewhere: by `client.ask`, or `client.resume` after a reload. */
  attach(run: ClientRun): ClientRun;
  /** Stops the run. Resolves when it has ended, and never rejects. */
  cancel(): Promise<void>;
  /** Decides about a tool call. Gives the decision that stands. */
  approve(toolCallId: string, approved: boolean, reason?: string): Promise<ApprovalOutcome>;
}

/** What {@link useConversation} gives: what the conversation shows, and functions that stay the same. */
export interface ConversationHook extends ConversationView {
  /** Asks. Question and answer stand among the messages at once. */
  send(query: string, options?: TurnOptions): ClientRun;
  /** Stops every run in progress. Resolves when they have ended, and never rejects. */
  cancel(): Promise<void>;
  /** Loads older messages. What fails is in `error`. */
  loadMore(): Promise<void>;
  /** Decides about a tool call. Gives the decision that stands. */
  approve(toolCallId: string, approved: boolean, reason?: string): Promise<ApprovalOutcome>;
}

/**
 * One run at a time. It outlives its component: cancel it where that is not wanted.
 *
 * ```tsx
 * const { start, text, state } = useAgentRun(client);
 * ```
 */
export function useAgentRun(client: AgentClient): AgentRunHook {
  const store = useStoreOf(RunStore, client);
  const view = useView(store);
  const { begin: start, attach, cancel, approve } = store;
  return { ...view, start, attach, cancel, approve };
}

/**
 * A conversation with its history, its runs and those that other clients of its owner start in it.
 *
 * ```tsx
 * const { messages, send, status } = useConversation(client, 'c1');
 * ```
 */
export function useConversation(client: AgentClient, id: string): ConversationHook {
  const store = useStoreOf(ConversationStore, client, id);
  const view = useView(store);
  const { send, cancel, loadMore, approve } = store;
  return { ...view, send, cancel, loadMore, approve };
}

function useView<View>({ subscribe, getSnapshot }: Store<View>): View {
  return useSyncExternalStore(subscribe, getSnapshot, getSnapshot);
}

/** The store of these arguments, and another one for others. `useMemo` may forget; a store must not. */
function useStoreOf<Args extends readonly unknown[], Kind>(Kind: new (...args: Args) => Kind, ...args: Args): Kind {
  const [held, hold] = useState(() => ({ args, store: new Kind(...args) }));
  if (args.every((arg, index) => arg === held.args[index])) return held.store;
  const next = { args, store: new Kind(...args) };
  hold(next);
  return next.store;
}
