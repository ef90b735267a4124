import type { FinishReason, RunState, ServerMessageOf } from '../protocol/server-messages.js';
import type { RunKind, RunUsage, ToolFailure } from './run-event.js';
import { failureOf, usageOf } from './run-events.js';

/** An image or a file of a question, without its bytes. */
export interface AttachmentInfo {
  /** For {@link Conversation.attachment}; absent where the server does not have the bytes. */
  readonly attachmentId?: string | undefined;
  readonly type: 'image' | 'file';
  readonly mediaType: string;
  readonly name?: string | undefined;
  /** How many. */
  readonly bytes?: number | undefined;
  /** Where it is, in place of bytes. */
  readonly url?: string | undefined;
}

/** What was said in a conversation. */
export interface HistoryMessage {
  /** For `before` and `replaceFrom`. */
  readonly id: string;
  /** The message before it; absent for a first one. */
  readonly parentId?: string | undefined;
  /** All messages in this place, itself among them, where there are several: for `selectBranch`. */
  readonly siblings?: readonly string[] | undefined;
  /** Its place among its siblings, from 0. */
  readonly index?: number | undefined;
  readonly role: 'user' | 'assistant' | 'tool';
  readonly content: string;
  /** What the model thought aloud. */
  readonly reasoning?: string | undefined;
  /** What a question brought along. */
  readonly attachments?: readonly AttachmentInfo[] | undefined;
  /** The tools an assistant message called; `arguments` is JSON as the model wrote it. */
  readonly toolCalls?:
    readonly { readonly toolCallId: string; readonly toolName: string; readonly arguments: string }[] | undefined;
  /** Of a tool message: the call it answers. */
  readonly toolCallId?: string | undefined;
  readonly toolName?: string | undefined;
  /** Of a tool message: what the tool reported while it was at work. */
  readonly data?: readonly unknown[] | undefined;
  /** Why an answer is not whole. */
  readonly status?: 'cancelled' | 'failed' | 'interrupted' | undefined;
  /** Why the answer, or the tool, failed. */
  readonly error?: ToolFailure | undefined;
  readonly model?: string | undefined;
  /** Of the last message of an answer. */
  readonly finishReason?: FinishReason | undefined;
  /** Of the last message of an answer: what all of it cost. */
  readonly usage?: RunUsage | undefined;
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
    parentId: message.parent_id,
    siblings: message.siblings,
    index: message.index,
    role: message.role,
    content: message.content,
    reasoning: message.reasoning,
    attachments: attachmentsOf(message.attachments),
    toolCalls: message.tool_calls?.map((call) => ({
      toolCallId: call.tool_call_id,
      toolName: call.tool_name,
      arguments: call.arguments,
    })),
    toolCallId: message.tool_call_id,
    toolName: message.tool_name,
    data: message.data,
    status: message.status,
    error: failureOf(message.error),
    model: message.model,
    finishReason: message.finish_reason,
    usage: usageOf(message.usage),
    runId: message.run_id,
    createdAt: message.created_at * 1000,
  };
}

/** What a question brought along, as `history` and `run_started` tell it. */
export function attachmentsOf(
  attachments: ServerMessageOf<'run_started'>['attachments'],
): readonly AttachmentInfo[] | undefined {
  return attachments?.map(({ attachment_id: attachmentId, type, media_type: mediaType, name, bytes, url }) => ({
    attachmentId,
    type,
    mediaType,
    name,
    bytes,
    url,
  }));
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
