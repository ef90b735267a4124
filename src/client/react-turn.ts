import { bytesOf, describeAttachment, type AttachmentInput } from './attachments.js';
import type { ClientRun } from './client-run.js';
import type { AttachmentInfo } from './history.js';
import { branchOf, chatMessage, filePart, questionPart } from './react-message.js';
import type { Branch, ChatError, ChatMessage, DataPart, FilePart, MessagePart } from './react-message.js';
import type { SendOptions } from './react-options.js';
import { AnswerParts } from './react-parts.js';
import type { RunEvent, RunEventOf } from './run-event.js';

/** A question of this client or another one. */
export interface Asked {
  readonly run: ClientRun;
  readonly query: string;
  readonly replaceFrom?: string | undefined;
  /** The attachments; `undefined` if they are unknown. */
  readonly files?: readonly FilePart[] | undefined;
  /** The options if this client asked the question, so that it can be asked again. */
  readonly options?: SendOptions | undefined;
  /** The run of the previous answer on the screen; `undefined` for a first question. */
  readonly after?: string | undefined;
  /** Whether the answer comes in one piece, however many steps it has. */
  readonly isWhole?: boolean | undefined;
}

/** The place of a turn among the stored messages. */
interface Spot {
  /** How many of the stored messages stay before the turn. */
  readonly at: number;
  /** Whether the question is already among the messages: it is answered again, or the history has it. */
  readonly hasQuestion: boolean;
  readonly isAnew: boolean;
  /** The version that the turn replaces. */
  readonly beside?: ChatMessage | undefined;
  /** Whether the turn begins a branch beside a message that is not among these. */
  readonly isElsewhere: boolean;
}

/** A question and its answer, as long as the history does not have them. */
export class Turn {
  readonly asked: Asked;
  after: string | undefined;
  readonly #parts = new AnswerParts();
  #end: RunEventOf<'end'> | undefined;
  #model: string | undefined;
  #spot: Spot | undefined;
  readonly #createdAt = Date.now();
  #question: ChatMessage | undefined;
  #answer: ChatMessage | undefined;

  constructor(asked: Asked) {
    this.asked = asked;
    this.after = asked.after;
  }

  get runId(): string {
    return this.asked.run.id;
  }

  get end(): RunEventOf<'end'> | undefined {
    return this.#end;
  }

  /** Whether the server stores the turn, under known ids. */
  get isPlaced(): boolean {
    return this.asked.run.place !== undefined;
  }

  /** Whether a history has the turn: not if the server has forgotten it, or if it began a branch in vain. */
  get isStored(): boolean {
    const isForgotten = this.#end !== undefined && 'error' in this.#end && this.#end.error.code === 'outcome_unknown';
    return this.isPlaced && !this.isVoid && !isForgotten;
  }

  /** Whether the question has files that cannot be loaded before the history gives their ids. */
  get lacksFiles(): boolean {
    return this.asked.files?.some(({ attachmentId, blob, url }) => !(attachmentId ?? blob ?? url)) === true;
  }

  /** Whether the turn began a branch and has no answer: the previous branch stays selected. */
  get isVoid(): boolean {
    const isOver = this.#end !== undefined && this.#end.state !== 'finished';
    return isOver && this.asked.replaceFrom !== undefined && !this.#parts.isSaid;
  }

  /** The messages of the turn; only the answer if its question is already shown. */
  get messages(): readonly ChatMessage[] {
    this.#answer ??= this.#makeAnswer();
    if (this.#spot?.hasQuestion === true) return [this.#answer];
    this.#question ??= this.#makeQuestion();
    return [this.#question, this.#answer];
  }

  /** Takes the next event of the run. Returns the data that a tool reports. */
  take(event: RunEvent): DataPart | undefined {
    this.#answer = undefined;
    if (event.type === 'start') this.#model = event.model;
    if (event.type === 'placed') this.#question = undefined;
    const reported = this.#parts.take(event);
    if (event.type === 'end') {
      this.#end = event;
      if (!this.isStored) this.#question = undefined;
    }
    return reported;
  }

  /** Finds the place of the turn among these messages. */
  locate(stored: readonly ChatMessage[]): Spot {
    const spot = this.#spotIn(stored);
    const { beside, hasQuestion } = this.#spot ?? {};
    if (spot.beside !== beside || spot.hasQuestion !== hasQuestion) this.#question = this.#answer = undefined;
    return (this.#spot = spot);
  }

  #spotIn(stored: readonly ChatMessage[]): Spot {
    const { run, query, replaceFrom, files } = this.asked;
    const replaced = stored.findIndex(({ id }) => id === replaceFrom);
    const questionAt = stored[replaced]?.role === 'assistant' ? replaced - 1 : replaced;
    const isAnew = stored[questionAt]?.content === query && files === undefined;
    if (isAnew) {
      const beside = stored[questionAt + 1];
      return { at: questionAt + 1, hasQuestion: true, isAnew, beside, isElsewhere: false };
    }
    if (replaced >= 0) {
      return { at: replaced, hasQuestion: false, isAnew, beside: stored[replaced], isElsewhere: false };
    }
    const own = stored.findIndex(({ id, runId }) => runId === run.id || id === run.place?.questionId);
    const hasQuestion = own >= 0;
    const isElsewhere = replaceFrom !== undefined && stored[own]?.runId !== run.id;
    return { at: hasQuestion ? own + 1 : stored.length, hasQuestion, isAnew, isElsewhere };
  }

  #makeQuestion(): ChatMessage {
    const { run, query, files } = this.asked;
    const { beside } = this.#spot ?? {};
    const inherited = beside?.role === 'user' ? beside.parts.filter(isFile) : [];
    const id = run.place?.questionId ?? `${run.id}:question`;
    return chatMessage({
      id,
      role: 'user',
      parts: [...(files ?? inherited), questionPart(query)],
      status: 'complete',
      createdAt: this.#createdAt,
      branch: this.isStored ? besideOf(beside, id) : undefined,
      runId: run.id,
      isStored: this.isStored,
    });
  }

  #makeAnswer(): ChatMessage {
    const { run } = this.asked;
    const end = this.#end;
    const { isAnew = false, beside } = this.#spot ?? {};
    const id = run.place?.answerId ?? `${run.id}:answer`;
    const answer = end?.state === 'finished' ? end.answer : undefined;
    const { isStored } = this;
    return chatMessage({
      id,
      role: 'assistant',
      parts: this.#parts.all,
      status: statusOf(end) ?? (this.#parts.all.length === 0 ? 'pending' : 'streaming'),
      error: errorOf(end),
      model: answer?.model ?? this.#model,
      finishReason: answer?.finishReason,
      usage: answer?.usage ?? (end !== undefined && 'usage' in end ? end.usage : undefined),
      createdAt: this.#createdAt,
      branch: isStored && isAnew ? besideOf(beside, id) : undefined,
      runId: run.id,
      isStored,
    });
  }
}

/** The files of a question of this client. */
export function filesOf(attachments: readonly AttachmentInput[] | undefined): readonly FilePart[] | undefined {
  return attachments?.map((input, index) => {
    const { type, media_type: mediaType, name, data, url } = describeAttachment(input);
    const blob = data === undefined ? undefined : blobOf(data, mediaType);
    return filePart({ type, mediaType, name, bytes: blob?.size, url }, index, blob);
  });
}

/** The files of a question of another client. */
export function filesFrom(attachments: readonly AttachmentInfo[] | undefined): readonly FilePart[] | undefined {
  return attachments?.map((info, index) => filePart(info, index));
}

function statusOf(end: RunEventOf<'end'> | undefined): ChatMessage['status'] | undefined {
  if (end?.state === 'finished') return 'complete';
  return end?.state === 'detached' ? 'interrupted' : end?.state;
}

/** A cancelled run needs no explanation. */
function errorOf(end: RunEventOf<'end'> | undefined): ChatError | undefined {
  if (end === undefined || end.state === 'finished' || end.state === 'cancelled') return undefined;
  const { code, message, retryable, retryAfterMs } = end.error;
  return { code, message, retryable, retryAfterMs };
}

function besideOf(beside: ChatMessage | undefined, id: string): Branch | undefined {
  if (beside === undefined || beside.id === id) return undefined;
  return branchOf(id, [...(beside.branch?.siblings ?? [beside.id]), id]);
}

function blobOf(data: Blob | ArrayBuffer | Uint8Array | string, type: string): Blob | undefined {
  if (typeof data === 'object' && 'arrayBuffer' in data) return data;
  try {
    return new Blob([typeof data === 'string' ? bytesOf(data) : new Uint8Array(data)], { type });
  } catch {
    // It is not base64: the server refuses the question.
    return undefined;
  }
}

function isFile(part: MessagePart): part is FilePart {
  return part.type === 'file';
}
