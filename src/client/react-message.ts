import type { FinishReason } from '../protocol/server-messages.js';
import type { AttachmentInfo } from './history.js';
import type { RunUsage, ToolFailure } from './run-event.js';

/** What a model said. */
export interface TextPart {
  readonly type: 'text' | 'reasoning';
  /** Unique in its message, and stays: a key for React. */
  readonly id: string;
  readonly text: string;
}

/** A tool the model called. */
export interface ToolPart {
  readonly type: 'tool';
  readonly id: string;
  readonly toolCallId: string;
  readonly toolName: string;
  /** As the model gave them; where it wrote broken JSON, its text. */
  readonly params: unknown;
  /** `failed`: it has no result, for the reason in `error`, or because the run ended before. */
  readonly state: 'calling' | 'waiting_approval' | 'done' | 'failed';
  /** What the tool returned. */
  readonly result?: unknown;
  readonly error?: ToolFailure | undefined;
}

/** What a tool reported while it was at work. It follows its tool. */
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
  /** Its bytes, where this page asked. */
  readonly blob?: Blob | undefined;
}

/** A part of a message, by its `type`. */
export type MessagePart = TextPart | ToolPart | DataPart | FilePart;

/** Why an answer is not whole. What came of a live run knows more than the history keeps. */
export interface ChatError {
  readonly code: string;
  /** A sentence for people. */
  readonly message: string;
  readonly retryable?: boolean | undefined;
  /** When trying again makes sense, in milliseconds from when it was said. */
  readonly retryAfterMs?: number | undefined;
}

/** The versions of a message: `selectBranch` shows another one. */
export interface Branch {
  /** The ids of all versions, oldest first; of very many the 100 nearest. */
  readonly siblings: readonly string[];
  /** Which of them this is, from 0. */
  readonly index: number;
  /** How many they are. */
  readonly count: number;
}

/**
 * A question, or an answer with everything that belongs to it. It is the same object until something about it changes,
 * so that a component under `React.memo` renders for its own message alone.
 */
export interface ChatMessage {
  /** That of the history from the first word of the answer on, one made up before. */
  readonly id: string;
  readonly role: 'user' | 'assistant';
  /** What it is made of, in order. */
  readonly parts: readonly MessagePart[];
  /** Its text without everything else. */
  readonly content: string;
  /** What the model thought aloud. */
  readonly reasoning: string;
  /** `pending`: there is no word of it yet. `streaming`: it is being written. The others say how it ended. */
  readonly status: 'pending' | 'streaming' | 'complete' | 'cancelled' | 'failed' | 'interrupted';
  readonly error?: ChatError | undefined;
  readonly model?: string | undefined;
  readonly finishReason?: FinishReason | undefined;
  /** What the whole answer cost. */
  readonly usage?: RunUsage | undefined;
  /** Unix time in milliseconds; by the clock of this page for what it saw begin. */
  readonly createdAt: number;
  /** Absent where there is only one version. */
  readonly branch?: Branch | undefined;
  readonly runId?: string | undefined;
  /** Whether it is part of what the history shows, so that the server knows its `id`. */
  readonly isStored: boolean;
}

/** A message with what follows from its parts. Always in the same shape, wherever it comes from. */
export function chatMessage(message: Omit<ChatMessage, 'content' | 'reasoning'>): ChatMessage {
  const { id, role, parts, status, error, model, finishReason, usage, createdAt, branch, runId, isStored } = message;
  const texts = { content: textOf(parts, 'text'), reasoning: textOf(parts, 'reasoning') };
  return { id, role, parts, ...texts, status, error, model, finishReason, usage, createdAt, branch, runId, isStored };
}

/** The branch of a message among these; `undefined` where it is alone. */
export function branchOf(id: string, siblings: readonly string[] | undefined): Branch | undefined {
  if (siblings === undefined || siblings.length < 2) return undefined;
  return { siblings, index: siblings.indexOf(id), count: siblings.length };
}

/** An attachment as a part. */
export function filePart({ type: kind, ...info }: AttachmentInfo, index: number, blob?: Blob): FilePart {
  return { type: 'file', id: `file:${index}`, kind, ...info, blob };
}

/** The text of a question as a part. */
export function questionPart(text: string): TextPart {
  return { type: 'text', id: 'text:0', text };
}

function textOf(parts: readonly MessagePart[], type: TextPart['type']): string {
  return parts.map((part) => (part.type === type ? part.text : '')).join('');
}
