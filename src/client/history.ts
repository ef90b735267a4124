import type { FinishReason, RunState, ServerMessageOf } from '../protocol/server-messages.js';
import type { RunKind, RunUsage, ToolFailure } from './run-event.js';
import { failureOf, usageOf } from './run-events.js';

/** An image or a file of a question, without its bytes. */
export interface AttachmentInfo {
  /** Id for {@link Conversation.attachment}; absent if the server does not have the bytes. */
  readonly attachmentId?: string | undefined;
  readonly type: 'image' | 'file';
  readonly mediaType: string;
  readonly name?: string | undefined;
  /** Size of the attachment. */
  readonly bytes?: number | undefined;
  /** The address, in place of bytes. */
  readonly url?: string | undefined;
}

/** A message of a conversation. */
export interface HistoryMessage {
  /** Id for `before` and `replaceFrom`. */
  readonly id: string;
  /** Id of the previous message; absent for a first message. */
  readonly parentId?: string | undefined;
  /** Ids of all versions of this message, including its own, if there are several: for `selectBranch`. */
  readonly siblings?: readonly string[] | undefined;
  /** Index of the message in `siblings`, from 0. */
  readonly index?: number | undefined;
  readonly role: 'user' | 'assistant' | 'tool';
  readonly content: string;
  /** Who asked, in a room. */
  readonly name?: string | undefined;
  /** The reasoning of the model. */
  readonly reasoning?: string | undefined;
  /** The attachments of a question. */
  readonly attachments?: readonly AttachmentInfo[] | undefined;
  /** The tools an assistant message called; `arguments` is JSON as the model wrote it. */
  readonly toolCalls?:
    | readonly { readonly toolCallId: string; readonly toolName: string; readonly arguments: string }[]
    | undefined;
  /** The call that a tool message answers. */
  readonly toolCallId?: string | undefined;
  readonly toolName?: string | undefined;
  /** What the tool of a tool message reported while it worked. */
  readonly data?: readonly unknown[] | undefined;
  /** Why an answer is incomplete. */
  readonly status?: 'cancelled' | 'failed' | 'interrupted' | undefined;
  /** Why the answer, or the tool, failed. */
  readonly error?: ToolFailure | undefined;
  readonly model?: string | undefined;
  /** Why the model stopped, on the last message of an answer. */
  readonly finishReason?: FinishReason | undefined;
  /** Usage of the whole answer, on its last message. */
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
  /** Whether there are older messages. */
  readonly hasMore: boolean;
}

/** A conversation in a list. */
export interface ConversationInfo {
  readonly conversationId: string;
  readonly title?: string | undefined;
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
  /** Number of messages. */
  readonly messages: number;
  /** Unix time in milliseconds. */
  readonly createdAt: number;
  /** Unix time in milliseconds. */
  readonly updatedAt: number;
}

/** A page of conversations. */
export interface ConversationPage {
  /** The most recently used first. */
  readonly conversations: readonly ConversationInfo[];
  readonly hasMore: boolean;
}

/** A run that can be read. */
export interface RunInfo {
  readonly runId: string;
  readonly kind: RunKind;
  readonly state: RunState;
  readonly conversationId?: string | undefined;
  /** The newest `seq` of the run. */
  readonly head: number;
  /** The process of the server that does the run; absent if the server is alone, or the run waits or is over. */
  readonly nodeId?: string | undefined;
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
    name: message.name,
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

/** The attachments of a question in `history` or `run_started`. */
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
  return runs.map(({ run_id, kind, state, conversation_id, head, node_id }) => ({
    runId: run_id,
    kind,
    state,
    conversationId: conversation_id,
    head,
    nodeId: node_id,
  }));
}
