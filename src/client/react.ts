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
import type { ClientRoom, JoinOptions } from './client-room.js';
import type { RoomView } from './react-room.js';
import type { QueryOptions } from './run-options.js';

export type { AgentRunView } from './react-run.js';
export { useAttachment, type AttachmentView } from './react-attachment.js';
export type { ConversationCallbacks } from './react-callbacks.js';
export type { ConnectionView } from './react-connection.js';
export type { ConversationView } from './react-conversation.js';
export type { SendOptions } from './react-options.js';
export type { ConversationsView } from './react-conversations.js';
export type { RoomRun, RoomView } from './react-room.js';
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

/** The result of {@link useAgentRun}: the state of the run, and stable functions. */
export interface AgentRunHook extends AgentRunView {
  /** Asks a question and shows the answer while it is written. Cancels a run in progress. */
  readonly start: (query: string, options?: QueryOptions) => ClientRun;
  /** Shows an existing run: of `client.ask`, or of `client.resume` after a reload. */
  readonly attach: (run: ClientRun) => ClientRun;
  /** Stops the run. Resolves when the run has ended, and never rejects. */
  readonly cancel: () => Promise<void>;
  /** Decides about a tool call. Returns the final decision. */
  readonly approve: (toolCallId: string, approved: boolean, reason?: string) => Promise<ApprovalOutcome>;
}

/** The result of {@link useConversation}: the state of the conversation, and stable functions. */
export interface ConversationHook extends ConversationView {
  /** Asks a question. Question and answer are among the messages at once. */
  readonly send: (query: string, options?: SendOptions) => ClientRun;
  /**
   * Answers a question again, on a branch beside the current answer. A question that failed or was refused is asked
   * again.
   * @param id - of the question or its answer
   * @default the newest question
   * @throws TypeError if there is no such message
   */
  readonly regenerate: (id?: string, options?: SendOptions) => ClientRun;
  /**
   * Replaces a question by another one, on a branch beside it. The attachments stay unless others are given.
   * @param id - of the question
   */
  readonly edit: (id: string, query: string, options?: SendOptions) => ClientRun;
  /** Gives the conversation a title, 1 to 200 characters. Rejects if the server refuses. */
  readonly rename: (title: string) => Promise<void>;
  /** Shows another version of a message and what followed it. The id is one of the message's `branch`. */
  readonly selectBranch: (messageId: string) => Promise<void>;
  /** Removes a failed or refused question, or its answer, from the screen. Messages on the server stay. */
  readonly dismiss: (id: string) => void;
  /** Stops every run in progress. Resolves when all have ended, and never rejects. */
  readonly cancel: () => Promise<void>;
  /** Loads older messages. If that fails, `error` says why. */
  readonly loadMore: () => Promise<void>;
  /** Decides about a tool call. Returns the final decision. */
  readonly approve: (toolCallId: string, approved: boolean, reason?: string) => Promise<ApprovalOutcome>;
}

/** The result of {@link useConversations}: the list, and stable functions. */
export interface ConversationsHook extends ConversationsView {
  /** Loads more conversations. If that fails, `error` says why. */
  readonly loadMore: () => Promise<void>;
  /** Reads the list again after a change by another client. Changes that this client sees are read without it. */
  readonly refresh: () => Promise<void>;
}

/** The result of {@link useRoom}: the state of the room, and stable functions. */
export interface RoomHook extends RoomView {
  /** The room itself, for everything else. */
  readonly room: ClientRoom;
  /** Says something. Resolves to its `seq`; rejects if the server refuses. */
  readonly publish: ClientRoom['publish'];
  /** Shows that this member is typing, for 6 s, or no longer. */
  readonly typing: (isTyping?: boolean) => void;
  /** Asks the agent; all members see the answer while it is written. */
  readonly send: ClientRoom['stream'];
}

/**
 * Shows one run at a time. The run outlives its component: cancel it if that is not wanted.
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
 * Shows a conversation: its history, its runs, and runs that other clients of its owner start. Components that show the
 * same conversation of the same client share its state, also after they are mounted again.
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
 * Shows the conversations of the principal, the most recently used first.
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
 * Joins a room as long as a component shows it, and shows what is said, who is there and what is asked.
 * @param options - how to join; read when the first component shows the room
 *
 * ```tsx
 * const { messages, members, publish } = useRoom(client, 'team', { name: 'Ada' });
 * ```
 */
export function useRoom(client: AgentClient, name: string, options: JoinOptions = {}): RoomHook {
  const store = sharedOf(client).room(name);
  store.options = options;
  const view = useView(store);
  const { room, publish, typing, send } = store;
  return { ...view, room, publish, typing, send };
}

/**
 * Shows the state of a client's connection.
 *
 * ```tsx
 * const { state } = useConnection(client);
 * ```
 */
export function useConnection(client: AgentClient): ConnectionView {
  return useView(sharedOf(client).connection);
}

function useView<View>({ subscribe, getSnapshot, getServerSnapshot }: Store<View>): View {
  return useSyncExternalStore(subscribe, getSnapshot, getServerSnapshot);
}

/** The store of this client. Not `useMemo`, since React may discard memoized values. */
function useRunStore(client: AgentClient): RunStore {
  const [held, hold] = useState(() => ({ client, store: new RunStore(client) }));
  if (held.client === client) return held.store;
  const next = { client, store: new RunStore(client) };
  hold(next);
  return next.store;
}
