import type { KnownOptions } from '../runtime/unknown-option.js';
import type { AttachmentInput } from './attachments.js';

/** What every run takes. */
export interface RunOptions {
  /**
   * The id of the run, a UUID. The same id with the same content is the same run, also after a reload.
   * @default a random one
   */
  readonly runId?: string | undefined;
  /** What becomes of the run when its last reader leaves. Without it, the server waits for a while and cancels it. */
  readonly onDisconnect?: 'cancel' | 'continue' | undefined;
  /** Cancels the run, in whatever phase it is. */
  readonly signal?: AbortSignal | undefined;
}

/** What a query takes. */
export interface QueryOptions extends RunOptions {
  /** The conversation the question belongs to, under an id of your choice. */
  readonly conversationId?: string | undefined;
  /**
   * A message of the conversation, beside which a branch begins: with its question's own text the question is answered
   * anew, with another text that is asked in its place. What there was stays; see `selectBranch`.
   */
  readonly replaceFrom?: string | undefined;
  /**
   * Images and files that belong to the question: as many and as big as `greeting.attachments` of the client says.
   * @default none; with `replaceFrom`, those of the question that is replaced
   */
  readonly attachments?: readonly AttachmentInput[] | undefined;
  /** Where the conversation has a run in progress: wait for it (the default), be refused, or cancel it. */
  readonly whenBusy?: 'enqueue' | 'reject' | 'interrupt' | undefined;
  /** A model the operator allows. */
  readonly model?: string | undefined;
  /** Where the operator allows it. */
  readonly temperature?: number | undefined;
  /** The tools the model may use, a subset of those the operator allows to choose from. */
  readonly tools?: readonly string[] | undefined;
}

/** The names of {@link RunOptions}. */
export const RUN_OPTIONS: KnownOptions<RunOptions> = { runId: true, onDisconnect: true, signal: true };

/** The names of {@link QueryOptions}. */
export const QUERY_OPTIONS: KnownOptions<QueryOptions> = {
  ...RUN_OPTIONS,
  conversationId: true,
  replaceFrom: true,
  attachments: true,
  whenBusy: true,
  model: true,
  temperature: true,
  tools: true,
};

/** What a request takes that makes no run. */
export interface RequestOptions {
  /** Stops waiting for the answer; the promise rejects with the reason of the signal. */
  readonly signal?: AbortSignal | undefined;
}

/** Which page of a list. */
export interface PageOptions extends RequestOptions {
  /**
   * How many at most, 200 or fewer.
   * @default 50
   */
  readonly limit?: number | undefined;
  /** Only those before this one: the id of a message, or of a conversation. */
  readonly before?: string | undefined;
}

/** The names of {@link PageOptions}. */
export const PAGE_OPTIONS: KnownOptions<PageOptions> = { limit: true, before: true, signal: true };
