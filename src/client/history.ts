import type { RunKind } from './run-event.js';
import type { RunState, ServerMessageOf } from '../protocol/server-messages.js';

/** What was said in a conversation. */
export interface HistoryMessage {
  /** For `before` and `replaceFrom`. */
  readonly id: string;
  readonly role: 'user' | 'assistant' | 'tool';
  readonly content: string;
  /** The tools an assistant message called; `arguments` is JSON as the model wrote it. */
  readonly toolCalls?:
    readonly { readonly toolCallId: string; readonly toolName: string; readonly arguments: string }[] | undefined;
  /** Of a tool message: the call it answers. */
  readonly toolCallId?: string | undefined;
  readonly toolName?: string | undefined;
  /** Why an answer is not whole. */
  readonly status?: 'cancelled' | 'failed' | 'interrupted' | undefined;
  readonly runId?: string | undefined;
  /** Unix time in milliseconds. */
  readonly createdAt: number;
}

/** A page of a conversation. */
export interface HistoryPage {
  readonly title?: string | undefined;
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
  /** Oldest first. */
  readonly messages: readonly HistoryMessage[];
  /** Whether there are older ones. */
  readonly hasMore: boolean;
}

/** A conversation in a list. */
export interface ConversationInfo {
  readonly conversationId: string;
  readonly title?: string | undefined;
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
  /** How many messages it has. */
  readonly messages: number;
  /** Unix time in milliseconds. */
  readonly createdAt: number;
  /** Unix time in milliseconds. */
  readonly updatedAt: number;
}

/** A page of conversations. */
export interface ConversationPage {
  /** The one used last first. */
  readonly conversations: readonly ConversationInfo[];
  readonly hasMore: boolean;
}

/** A run that can be read. */
export interface RunInfo {
  readonly runId: string;
  readonly kind: RunKind;
  readonly state: RunState;
  readonly conversationId?: string | undefined;
  /** Its newest `seq`. */
  readonly head: number;
}

export function historyOf({ title, metadata, messages, has_more }: ServerMessageOf<'history'>): HistoryPage {
  return { title, metadata, messages: messages.map(messageOf), hasMore: has_more };
}

function messageOf(message: ServerMessageOf<'history'>['messages'][number]): HistoryMessage {
  return {
    id: message.id,
    role: message.role,
    content: message.content,
    toolCalls: message.tool_calls?.map((call) => ({
      toolCallId: call.tool_call_id,
      toolName: call.tool_name,
      arguments: call.arguments,
    })),
    toolCallId: message.tool_call_id,
    toolName: message.tool_name,
    status: message.status,
    runId: message.run_id,
    createdAt: message.created_at * 1000,
  };
}

export function conversationsOf({ conversations, has_more }: ServerMessageOf<'conversations'>): ConversationPage {
  return {
    conversations: conversations.map((conversation) => ({
      conversationId: conversation.conversation_id,
      title: conversation.title,
      metadata: conversation.metadata,
      messages: conversation.messages,
      createdAt: conversation.created_at * 1000,
      updatedAt: conversation.updated_at * 1000,
    })),
    hasMore: has_more,
  };
}

export function runsOf({ runs }: ServerMessageOf<'runs'>): readonly RunInfo[] {
  return runs.map(({ run_id, kind, state, conversation_id, head }) => ({
    runId: run_id,
    kind,
    state,
    conversationId: conversation_id,
    head,
  }));
}
