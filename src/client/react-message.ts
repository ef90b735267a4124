import type { FinishReason } from '../protocol/server-messages.js';
import type { AttachmentInfo } from './history.js';
import type { RunUsage, ToolFailure } from './run-event.js';

/** Text or reasoning of a model. */
export interface TextPart {
  readonly type: 'text' | 'reasoning';
  /** Unique in its message and stable: a key for React. */
  readonly id: string;
  readonly text: string;
}

/** A tool that the model called. */
export interface ToolPart {
  readonly type: 'tool';
  readonly id: string;
  readonly toolCallId: string;
  readonly toolName: string;
  /** The arguments of the model, parsed; as text if the model wrote invalid JSON. */
  readonly params: unknown;
  /** `failed`: the tool has no result, because of `error` or because the run ended before. */
  readonly state: 'calling' | 'waiting_approval' | 'done' | 'failed';
  /** What the tool returned. */
  readonly result?: unknown;
  readonly error?: ToolFailure | undefined;
}

/** Data that a tool reported while it worked. It comes after its tool. */
export interface DataPart {
  readonly type: 'data';
  readonly id: string;
  readonly toolCallId: string;
  readonly toolName: string;
  readonly data: unknown;
}

/** An image or a file of a question; see `useAttachment`. */
export interface FilePart extends Omit<AttachmentInfo, 'type'> {
  readonly type: 'file';
  readonly id: string;
  readonly kind: AttachmentInfo['type'];
  /** The bytes, if this page sent the attachment. */
  readonly blob?: Blob | undefined;
}

/** A part of a message, by its `type`. */
export type MessagePart = TextPart | ToolPart | DataPart | FilePart;

/** Why an answer is incomplete. The error of a live run has more details than the history keeps. */
export interface ChatError {
  readonly code: string;
  /** A sentence for people. */
  readonly message: string;
  readonly retryable?: boolean | undefined;
  /** When to try again, in milliseconds after the error. */
  readonly retryAfterMs?: number | undefined;
}

/** The versions of a message: `selectBranch` shows another one. */
export interface Branch {
  /** Ids of all versions, oldest first; at most the 100 nearest. */
  readonly siblings: readonly string[];
  /** Index of this version among all versions, from 0. */
  readonly index: number;
  /** Number of versions. */
  readonly count: number;
}

/**
 * A question, or an answer with everything that belongs to it. The object stays the same until something in it changes,
 * so that a component under `React.memo` renders only for its own message.
 */
export interface ChatMessage {
  /** The id in the history, from the first word of the answer on; a generated id before. */
  readonly id: string;
  readonly role: 'user' | 'assistant';
  /** The parts in order. */
  readonly parts: readonly MessagePart[];
  /** The text of all text parts. */
  readonly content: string;
  /** The reasoning of the model. */
  readonly reasoning: string;
  /** `pending`: nothing has arrived yet. `streaming`: the answer is being written. The others say how it ended. */
  readonly status: 'pending' | 'streaming' | 'complete' | 'cancelled' | 'failed' | 'interrupted';
  readonly error?: ChatError | undefined;
  readonly model?: string | undefined;
  readonly finishReason?: FinishReason | undefined;
  /** Usage of the whole answer. */
  readonly usage?: RunUsage | undefined;
  /** Unix time in milliseconds; by the clock of this page if the page saw the message begin. */
  readonly createdAt: number;
  /** Absent if there is only one version. */
  readonly branch?: Branch | undefined;
  readonly runId?: string | undefined;
  /** Whether the message is in the history, so that the server knows its `id`. */
  readonly isStored: boolean;
}

/** Creates a message and derives `content` and `reasoning` from its parts. Every message has the same shape. */
export function chatMessage(message: Omit<ChatMessage, 'content' | 'reasoning'>): ChatMessage {
  const { id, role, parts, status, error, model, finishReason, usage, createdAt, branch, runId, isStored } = message;
  const texts = { content: textOf(parts, 'text'), reasoning: textOf(parts, 'reasoning') };
  return { id, role, parts, ...texts, status, error, model, finishReason, usage, createdAt, branch, runId, isStored };
}

/** The branch of a message among these; `undefined` if there is only one version. */
export function branchOf(id: string, siblings: readonly string[] | undefined): Branch | undefined {
  if (siblings === undefined || siblings.length < 2) return undefined;
  return { siblings, index: siblings.indexOf(id), count: siblings.length };
}

/** Turns an attachment into a part. */
export function filePart({ type: kind, ...info }: AttachmentInfo, index: number, blob?: Blob): FilePart {
  return { type: 'file', id: `file:${index}`, kind, ...info, blob };
}

/** Turns the text of a question into a part. */
export function questionPart(text: string): TextPart {
  return { type: 'text', id: 'text:0', text };
}

function textOf(parts: readonly MessagePart[], type: TextPart['type']): string {
  return parts.map((part) => (part.type === type ? part.text : '')).join('');
}
