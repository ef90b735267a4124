import type { KnownOptions } from '../runtime/unknown-option.js';
import type { AttachmentInput } from './attachments.js';

/** Options of every run. */
export interface RunOptions {
  /**
   * Id of the run, a UUID. The same id with the same content means the same run, also after a reload. A run that this
   * client reads already is returned; if it did not ask for the run itself, the content is not compared.
   * @default a random one
   */
  readonly runId?: string | undefined;
  /**
   * What happens to the run if its last reader leaves. By default, the server waits for a while and then cancels the
   * run.
   */
  readonly onDisconnect?: 'cancel' | 'continue' | undefined;
  /** Cancels the run in any phase. */
  readonly signal?: AbortSignal | undefined;
}

/** Options of a query. */
export interface QueryOptions extends RunOptions {
  /** Id of the conversation of the question. You may choose a new id. */
  readonly conversationId?: string | undefined;
  /**
   * A message of the conversation beside which a branch begins. The text of its question means that the question is
   * answered again; another text is asked in place of the question. The previous branch stays; see `selectBranch`.
   */
  readonly replaceFrom?: string | undefined;
  /**
   * Images and files of the question, within the limits of `greeting.attachments` of the client.
   * @default none; with `replaceFrom`, those of the question that is replaced
   */
  readonly attachments?: readonly AttachmentInput[] | undefined;
  /** If the conversation has a run in progress: wait for it (the default), be refused, or cancel it. */
  readonly whenBusy?: 'enqueue' | 'reject' | 'interrupt' | undefined;
  /** A model the operator allows. */
  readonly model?: string | undefined;
  /** The temperature, if the operator allows it. */
  readonly temperature?: number | undefined;
  /** The tools the model may use, a subset of those that the operator permits. */
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

/** Options of a request without a run. */
export interface RequestOptions {
  /** Stops waiting for the answer; the promise rejects with the reason of the signal. */
  readonly signal?: AbortSignal | undefined;
}

/** Options of a page of a list. */
export interface PageOptions extends RequestOptions {
  /**
   * Maximum number of elements, 200 or fewer.
   * @default 50
   */
  readonly limit?: number | undefined;
  /** Only elements before this one: the id of a message or a conversation. */
  readonly before?: string | undefined;
}

/** The names of {@link PageOptions}. */
export const PAGE_OPTIONS: KnownOptions<PageOptions> = { limit: true, before: true, signal: true };
