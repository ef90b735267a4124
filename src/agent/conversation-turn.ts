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

/** Messages of a conversation a model is asked with at most; what fits its context is less. */
const MAX_HISTORY = 1_000;
/** UTF-16 units of them: about a million tokens, and what one question may cost in memory. */
const MAX_HISTORY_LENGTH = 4_000_000;

/** A question as a conversation takes it. */
export interface Question {
  readonly query: string;
  /** Where it is absent and a question is replaced: those of that question. */
  readonly attachments?: readonly QueryAttachment[] | undefined;
  /** The message beside which it begins a branch. */
  readonly replaceFrom?: string | undefined;
}

/** Where in its conversation a turn is: plain data, so that it can be written down before a wait. */
export interface TurnPlace {
  readonly questionId: string;
  /** Of the first message of the answer. */
  readonly answerId: string;
  /** Whether the question was there already, and is answered anew. */
  readonly isAnew: boolean;
  /** Where the question begins a branch: the last message of the one that was selected. */
  readonly before?: string | undefined;
}

/** How a turn ends. */
export interface TurnEnd {
  /** Why the answer is not whole. */
  readonly status?: ConversationMessage['status'];
  readonly error?: MessageError | undefined;
  readonly finishReason?: FinishReason | undefined;
  /** What all of it cost. */
  readonly usage?: Usage | undefined;
}

/** Where a question goes. */
interface Spot {
  /** The message it follows; `undefined` for none. */
  readonly parentId: string | undefined;
  /** The question that is answered anew, and not asked again. */
  readonly anew?: ConversationMessage;
  /** What the question takes over where it brings none. */
  readonly attachments?: readonly AttachmentInfo[] | undefined;
}

/** The part of a conversation that one run adds: a question, which may be there already, and its answer. */
export class ConversationTurn {
  readonly #store: ConversationStore;
  readonly #key: ConversationKey;
  readonly #runId: string;
  #place: TurnPlace | undefined;

  /** @param place - of a turn that goes on after a restart */
  constructor(store: ConversationStore, key: ConversationKey, runId: string, place?: TurnPlace) {
    this.#store = store;
    this.#key = key;
    this.#runId = runId;
    this.#place = place;
  }

  /** `undefined` before the question was recorded. */
  get place(): TurnPlace | undefined {
    return this.#place;
  }

  /**
   * Records the question. Returns the chat a model is asked with, the question last.
   * @param accepts - the kinds of attachments the model takes
   * @throws AgentSocketError `message_not_found`
   */
  async ask(
    question: Question,
    accepts: readonly LlmAttachmentType[],
    signal: AbortSignal,
  ): Promise<readonly LlmMessage[]> {
    const { query, attachments, replaceFrom } = question;
    const spot = replaceFrom === undefined ? undefined : await this.#spotOf(replaceFrom, question);
    const isFirst = spot !== undefined && spot.parentId === undefined;
    const items = isFirst ? [] : await this.#read(spot?.parentId);
    const given = attachments === undefined ? { infos: spot?.attachments ?? [], contents: [] } : toStored(attachments);
    const asked: ConversationMessage = spot?.anew ?? {
      ...this.#stamp(randomUUID(), spot === undefined ? items.at(-1)?.id : spot.parentId),
      role: 'user',
      content: query,
      ...(given.infos.length > 0 && { attachments: given.infos }),
    };
    const isBranch = spot !== undefined && spot.anew === undefined;
    const before = isBranch ? (await this.#read(undefined, 1)).at(-1)?.id : undefined;
    // A run that ended meanwhile adds nothing: it is the turn of the next.
    signal.throwIfAborted();
    if (spot?.anew === undefined) {
      await this.#store.append(this.#key, [asked], given.contents);
      if (items.length === 0) await this.#name(query, signal);
    }
    this.#place = { questionId: asked.id, answerId: randomUUID(), isAnew: spot?.anew !== undefined, before };
    const loader = new AttachmentLoader(this.#store, this.#key, accepts);
    const chat: LlmMessage[] = [];
    // From the newest on, since there is room for so many attachments.
    for (const message of [...withoutRefused(items), asked].reverse()) {
      const loaded = message.attachments === undefined ? undefined : await loader.load(message.attachments);
      chat.push(toLlmMessage(message, loaded));
    }
    signal.throwIfAborted();
    return chat.reverse();
  }

  /**
   * Records the answer as far as there is one. Where not a word was said, what was there before is selected: the answer
   * that was to be given anew, or what followed the question that was to be replaced.
   */
  add(messages: readonly LlmMessage[], end: TurnEnd): void | Promise<void> {
    const place = this.#place;
    if (place === undefined) return undefined;
    const said = messages.filter(
      (message): message is AnswerMessage => message.role !== 'system' && message.role !== 'user',
    );
    const isVoid = end.status !== undefined && !said.some(isSaid);
    if (isVoid && place.isAnew) return undefined;
    // There is always one to say how it ended.
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
    // The same again, with nothing else: the question stands there already.
    if (question?.content === query && attachments === undefined)
      return { parentId: question.parentId, anew: question };
    const edited = question ?? replaced;
    return { parentId: edited.parentId, attachments: edited.attachments };
  }

  #stamp(id: string, parentId: string | undefined) {
    return { id, ...(parentId !== undefined && { parentId }), runId: this.#runId, createdAt: Date.now() };
  }

  /** A conversation that nobody has named is called by its first question. */
  async #name(query: string, signal: AbortSignal): Promise<void> {
    const info = await this.#store.find(this.#key);
    signal.throwIfAborted();
    if (info?.title === undefined) await this.#store.update(this.#key, { title: titleOf(query) });
  }
}

/** Why a server takes a request no more than the next one that holds the same question. */
const REFUSALS: ReadonlySet<string> = new Set<ErrorCode>([
  'provider_refused',
  'content_refused',
  'unsupported_content',
]);

/** A question that was refused and not answered would have every later one refused as well. */
function withoutRefused(messages: readonly ConversationMessage[]): readonly ConversationMessage[] {
  return messages.filter((message, index) => {
    const answer = message.role === 'user' ? messages[index + 1] : message;
    return !(answer?.role === 'assistant' && isRefusal(answer));
  });
}

function isRefusal({ content, toolCalls = [], error }: ConversationMessage): boolean {
  return content === '' && toolCalls.length === 0 && error !== undefined && REFUSALS.has(error.code);
}
