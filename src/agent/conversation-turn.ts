import type { AbortSource } from '../runtime/abort.js';
import { randomUUID } from 'node:crypto';
import type { LlmAttachmentType } from '../store/conversation-store.js';
import type { LlmMessage } from './llm-provider.js';
import { AgentSocketError } from '../protocol/agent-socket-error.js';
import type { ErrorCode } from '../protocol/error-codes.js';
import type { QueryAttachment } from '../protocol/client-messages.js';
import type { FinishReason, Usage } from '../protocol/server-messages.js';
import { andThen } from '../runtime/awaitable.js';
import { AttachmentLoader, toStored } from './attachments.js';
import type {
  AttachmentInfo,
  ConversationKey,
  ConversationMessage,
  ConversationStore,
  MessageError,
} from '../store/conversation-store.js';
import { isSaid, toLlmMessage, type AnswerMessage } from './message-forms.js';
import { titleOf } from './title.js';

/** Maximum number of messages that are loaded for the model, before the chat is made to fit. */
const MAX_HISTORY = 1_000;
/** Maximum length of these messages in UTF-16 units: about a million tokens, and the memory one question may cost. */
const MAX_HISTORY_LENGTH = 4_000_000;

/** A question to a conversation. */
export interface Question {
  readonly query: string;
  /** Who asks, in a room. */
  readonly name?: string | undefined;
  /** If absent and a question is replaced: the attachments of the replaced question. */
  readonly attachments?: readonly QueryAttachment[] | undefined;
  /** The message that the question replaces, on a branch of its own. */
  readonly replaceFrom?: string | undefined;
}

/** The place of a turn in its conversation: plain data, so that it can be stored before a wait. */
export interface TurnPlace {
  readonly questionId: string;
  /** The id of the first message of the answer. */
  readonly answerId: string;
  /** Whether an existing question is answered again. */
  readonly isAnew: boolean;
  /** If the question begins a branch: the last message of the branch that was selected before. */
  readonly before?: string | undefined;
}

/** How a turn ends. */
export interface TurnEnd {
  /** Why the answer is incomplete. */
  readonly status?: ConversationMessage['status'];
  readonly error?: MessageError | undefined;
  readonly finishReason?: FinishReason | undefined;
  /** The usage of the whole turn. */
  readonly usage?: Usage | undefined;
}

/** Where a question goes in the tree. */
interface Spot {
  /** The message that the question follows; `undefined` for the root. */
  readonly parentId: string | undefined;
  /** The existing question, if it is answered again. */
  readonly anew?: ConversationMessage;
  /** The attachments of the replaced question, if the new question has none of its own. */
  readonly attachments?: readonly AttachmentInfo[] | undefined;
}

/** What one run adds to a conversation: a question, unless it exists already, and the answer. */
export class ConversationTurn {
  readonly #store: ConversationStore;
  readonly #key: ConversationKey;
  readonly #runId: string;
  #place: TurnPlace | undefined;

  /** @param place - the place of a turn that continues after a restart */
  constructor(store: ConversationStore, key: ConversationKey, runId: string, place?: TurnPlace) {
    this.#store = store;
    this.#key = key;
    this.#runId = runId;
    this.#place = place;
  }

  /** `undefined` until the question is recorded. */
  get place(): TurnPlace | undefined {
    return this.#place;
  }

  /**
   * Records the question. Returns the chat for the model, with the question last.
   * @param accepts - the kinds of attachments the model accepts
   * @throws AgentSocketError `message_not_found`
   */
  async ask(
    question: Question,
    accepts: readonly LlmAttachmentType[],
    abort: AbortSource,
  ): Promise<readonly LlmMessage[]> {
    const { query, name, attachments, replaceFrom } = question;
    const spot = replaceFrom === undefined ? undefined : await this.#spotOf(replaceFrom, question);
    const isFirst = spot !== undefined && spot.parentId === undefined;
    const items = isFirst ? [] : await this.#read(spot?.parentId);
    const given = attachments === undefined ? { infos: spot?.attachments ?? [], contents: [] } : toStored(attachments);
    const asked: ConversationMessage = spot?.anew ?? {
      ...this.#stamp(randomUUID(), spot === undefined ? items.at(-1)?.id : spot.parentId),
      role: 'user',
      content: query,
      ...(name !== undefined && { name }),
      ...(given.infos.length > 0 && { attachments: given.infos }),
    };
    const isBranch = spot !== undefined && spot.anew === undefined;
    const before = isBranch ? (await this.#read(undefined, 1)).at(-1)?.id : undefined;
    // A run that ended meanwhile adds nothing: the next run may be at work already.
    abort.throwIfAborted();
    if (spot?.anew === undefined) {
      await this.#store.append(this.#key, [asked], given.contents);
      if (items.length === 0) await this.#name(query, abort);
    }
    this.#place = { questionId: asked.id, answerId: randomUUID(), isAnew: spot?.anew !== undefined, before };
    const loader = new AttachmentLoader(this.#store, this.#key, accepts);
    const chat: LlmMessage[] = [];
    // The newest attachments come first, since their total size is limited.
    for (const message of [...withoutRefused(items), asked].reverse()) {
      const loaded = message.attachments === undefined ? undefined : await loader.load(message.attachments);
      chat.push(toLlmMessage(message, loaded));
    }
    abort.throwIfAborted();
    return chat.reverse();
  }

  /**
   * Records the answer as far as there is one. If the model said nothing, selects the previous branch again: the answer
   * that was to be regenerated, or what followed the question that was to be replaced.
   */
  add(messages: readonly LlmMessage[], end: TurnEnd): void | Promise<void> {
    const place = this.#place;
    if (place === undefined) return undefined;
    const said = messages.filter(
      (message): message is AnswerMessage => message.role !== 'system' && message.role !== 'user',
    );
    const isVoid = end.status !== undefined && !said.some(isSaid);
    if (isVoid && place.isAnew) return undefined;
    // One assistant message always records how the answer ended.
    if (said.at(-1)?.role !== 'assistant') said.push({ role: 'assistant', content: '' });
    let parentId = place.questionId;
    const stored = said.map((message, index): ConversationMessage => {
      const stamp = this.#stamp(index === 0 ? place.answerId : randomUUID(), parentId);
      parentId = stamp.id;
      return { ...message, ...stamp, ...(index === said.length - 1 && end) };
    });
    const appended = this.#store.append(this.#key, stored);
    const { before } = place;
    if (!isVoid || before === undefined) return appended;
    return andThen(appended, () => andThen(this.#store.select(this.#key, before), () => undefined));
  }

  async #read(leaf: string | undefined, limit = MAX_HISTORY): Promise<readonly ConversationMessage[]> {
    const { items } = await this.#store.read(this.#key, { limit, maxLength: MAX_HISTORY_LENGTH, leaf });
    return items;
  }

  async #spotOf(id: string, { query, attachments }: Question): Promise<Spot> {
    const replaced = await this.#store.message(this.#key, id);
    if (replaced === undefined) {
      throw new AgentSocketError('message_not_found', 'The conversation has no message with this id');
    }
    let question: ConversationMessage | undefined = replaced;
    while (question !== undefined && question.role !== 'user') {
      question = question.parentId === undefined ? undefined : await this.#store.message(this.#key, question.parentId);
    }
    // The same question without new attachments is answered again instead of being asked again.
    if (question?.content === query && attachments === undefined)
      return { parentId: question.parentId, anew: question };
    const edited = question ?? replaced;
    return { parentId: edited.parentId, attachments: edited.attachments };
  }

  #stamp(id: string, parentId: string | undefined) {
    return { id, ...(parentId !== undefined && { parentId }), runId: this.#runId, createdAt: Date.now() };
  }

  /** Gives an unnamed conversation a title made of its first question. */
  async #name(query: string, abort: AbortSource): Promise<void> {
    const info = await this.#store.find(this.#key);
    abort.throwIfAborted();
    if (info?.title === undefined) await this.#store.update(this.#key, { title: titleOf(query) });
  }
}

/** Codes that would refuse any later request with the same question, too. */
const REFUSALS: ReadonlySet<string> = new Set<ErrorCode>([
  'provider_refused',
  'content_refused',
  'unsupported_content',
]);

/** Leaves out refused questions without an answer: every later request would be refused because of them. */
function withoutRefused(messages: readonly ConversationMessage[]): readonly ConversationMessage[] {
  return messages.filter((message, index) => {
    const answer = message.role === 'user' ? messages[index + 1] : message;
    return !(answer?.role === 'assistant' && isRefusal(answer));
  });
}

function isRefusal({ content, toolCalls = [], error }: ConversationMessage): boolean {
  return content === '' && toolCalls.length === 0 && error !== undefined && REFUSALS.has(error.code);
}
