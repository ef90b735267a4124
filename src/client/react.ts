/** `agent-ws/react`: runs and conversations for React 18 and later. */
import { useEffect, useRef, useState, useSyncExternalStore } from 'react';
import type { ApprovalOutcome, ClientRun } from './client-run.js';
import type { AgentClient } from './client.js';
import type { ConversationCallbacks } from './react-callbacks.js';
import type { ConnectionView } from './react-connection.js';
import type { ConversationView } from './react-conversation.js';
import type { SendOptions } from './react-options.js';
import type { ConversationsView } from './react-conversations.js';
import { RunStore, type AgentRunView } from './react-run.js';
import type { Store } from './react-store.js';
import { sharedOf } from './react-stores.js';
import type { QueryOptions } from './run-options.js';

export type { AgentRunView } from './react-run.js';
export { useAttachment, type AttachmentView } from './react-attachment.js';
export type { ConversationCallbacks } from './react-callbacks.js';
export type { ConnectionView } from './react-connection.js';
export type { ConversationView } from './react-conversation.js';
export type { SendOptions } from './react-options.js';
export type { ConversationsView } from './react-conversations.js';
export type {
  Branch,
  ChatError,
  ChatMessage,
  DataPart,
  FilePart,
  MessagePart,
  TextPart,
  ToolPart,
} from './react-message.js';

/** What {@link useAgentRun} gives: what the run shows, and functions that stay the same. */
export interface AgentRunHook extends AgentRunView {
  /** Asks, and shows the answer as it is written. A run in progress is cancelled. */
  readonly start: (query: string, options?: QueryOptions) => ClientRun;
  /** Shows a run made elsewhere: by `client.ask`, or `client.resume` after a reload. */
  readonly attach: (run: ClientRun) => ClientRun;
  /** Stops the run. Resolves when it has ended, and never rejects. */
  readonly cancel: () => Promise<void>;
  /** Decides about a tool call. Gives the decision that stands. */
  readonly approve: (toolCallId: string, approved: boolean, reason?: string) => Promise<ApprovalOutcome>;
}

/** What {@link useConversation} gives: what the conversation shows, and functions that stay the same. */
export interface ConversationHook extends ConversationView {
  /** Asks. Question and answer stand among the messages at once. */
  readonly send: (query: string, options?: SendOptions) => ClientRun;
  /**
   * Answers a question anew, in a branch beside the answer it has; one that failed or was refused is asked again.
   * @param id - of the question or its answer
   * @default the newest one
   * @throws TypeError where there is no such message
   */
  readonly regenerate: (id?: string, options?: SendOptions) => ClientRun;
  /**
   * Asks another question in the place of one, in a branch beside it, with the attachments of that one unless there are
   * others.
   * @param id - of the question
   */
  readonly edit: (id: string, query: string, options?: SendOptions) => ClientRun;
  /** Gives the conversation a title, 1 to 200 characters. Rejects where the server refuses. */
  readonly rename: (title: string) => Promise<void>;
  /** Shows another version of a message, and what followed it: one of the ids in its `branch`. */
  readonly selectBranch: (messageId: string) => Promise<void>;
  /** Takes a question that failed or was refused from the screen, or its answer. What the server keeps stays. */
  readonly dismiss: (id: string) => void;
  /** Stops every run in progress. Resolves when they have ended, and never rejects. */
  readonly cancel: () => Promise<void>;
  /** Loads older messages. What fails is in `error`. */
  readonly loadMore: () => Promise<void>;
  /** Decides about a tool call. Gives the decision that stands. */
  readonly approve: (toolCallId: string, approved: boolean, reason?: string) => Promise<ApprovalOutcome>;
}

/** What {@link useConversations} gives: the list, and functions that stay the same. */
export interface ConversationsHook extends ConversationsView {
  /** Loads more of them. What fails is in `error`. */
  readonly loadMore: () => Promise<void>;
  /** Reads the list again, after another client changed something. What this client sees change needs none. */
  readonly refresh: () => Promise<void>;
}

/**
 * One run at a time. It outlives its component: cancel it where that is not wanted.
 *
 * ```tsx
 * const { start, text, state } = useAgentRun(client);
 * ```
 */
export function useAgentRun(client: AgentClient): AgentRunHook {
  const store = useRunStore(client);
  const view = useView(store);
  const { begin: start, attach, cancel, approve } = store;
  return { ...view, start, attach, cancel, approve };
}

/**
 * A conversation with its history, its runs and those that other clients of its owner start in it. Components that show
 * the same conversation of the same client share it, and one that comes back finds it as it was.
 *
 * ```tsx
 * const { messages, send, status } = useConversation(client, 'c1', { onError: report });
 * ```
 */
export function useConversation(
  client: AgentClient,
  id: string,
  callbacks: ConversationCallbacks = {},
): ConversationHook {
  const store = sharedOf(client).conversation(id);
  const view = useView(store);
  const newest = useRef(callbacks);
  useEffect(() => {
    newest.current = callbacks;
  });
  useEffect(() => store.hear(() => newest.current), [store]);
  const { send, regenerate, edit, rename, selectBranch, dismiss, cancel, loadMore, approve } = store;
  return { ...view, send, regenerate, edit, rename, selectBranch, dismiss, cancel, loadMore, approve };
}

/**
 * The conversations of an owner whom the server knows, the one used last first.
 *
 * ```tsx
 * const { conversations, error } = useConversations(client);
 * ```
 */
export function useConversations(client: AgentClient): ConversationsHook {
  const store = sharedOf(client).list;
  const view = useView(store);
  const { loadMore, refresh } = store;
  return { ...view, loadMore, refresh };
}

/**
 * How the connection of a client is.
 *
 * ```tsx
 * const { state } = useConnection(client);
 * ```
 */
export function useConnection(client: AgentClient): ConnectionView {
  return useView(sharedOf(client).connection);
}

function useView<View>({ subscribe, getSnapshot }: Store<View>): View {
  return useSyncExternalStore(subscribe, getSnapshot, getSnapshot);
}

/** The store of this client, and another one for another. `useMemo` may forget; a store must not. */
function useRunStore(client: AgentClient): RunStore {
  const [held, hold] = useState(() => ({ client, store: new RunStore(client) }));
  if (held.client === client) return held.store;
  const next = { client, store: new RunStore(client) };
  hold(next);
  return next.store;
}
