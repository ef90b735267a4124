import type { CancelReason, RunState } from '../protocol/server-messages.js';
import type { Awaitable } from '../runtime/awaitable.js';
import { isFinal } from './run-state.js';
import type { RunLog } from '../log/run-log.js';

/** The kinds of runs. */
export type RunKind = 'agent_query' | 'streaming_query' | 'tool_call';

/** What is known of a run before it starts. */
export interface RunMeta {
  /** `principal.id` of the owner. Together with the id it is the key of the run. */
  readonly owner: string;
  /** A UUID, chosen by the client or the server. */
  readonly id: string;
  readonly kind: RunKind;
  /** Hash of the request, which shows whether a repeated request has the same content. */
  readonly requestHash: string;
  /** Unix milliseconds. */
  readonly createdAt: number;
  /** The conversation of the run. */
  readonly conversationId?: string;
  /** The tool of a `tool_call`. */
  readonly toolName?: string;
  /**
   * Under which name the run counts where owners share a bound; see `ConversationKey`.
   * @default owner
   */
  readonly payer?: string;
}

/** A stored run: meta, state and log. */
export interface StoredRun {
  readonly meta: RunMeta;
  /**
   * Id of the node that executes the run, if several processes work with the store. Such a store updates the object while
   * its log is followed.
   */
  readonly host?: string | undefined;
  /** The options given to {@link RunStore.create}, if the store keeps them. */
  readonly options?: string | undefined;
  /** The work of a run that no node has begun. */
  readonly work?: string | undefined;
  /** Why the run is to be stopped, if a client has asked for that. */
  readonly stop?: CancelReason | undefined;
  readonly state: RunState;
  /** The log. That of an unfinished run accepts further entries. */
  readonly log: RunLog;
  /** All text given to {@link RunStore.keepDraft}. */
  readonly draft: string;
  /** The last checkpoint given to {@link RunStore.setState}. */
  readonly checkpoint?: string | undefined;
  /**
   * How far the wall clock of this node is ahead of that of the node that gave the checkpoint. In milliseconds.
   * @default 0
   */
  readonly skewMs?: number | undefined;
}

/** The state of a run for clients: an end that is not committed yet may still be lost, so it is not shown. */
export function wireState({ state, log }: Pick<StoredRun, 'state' | 'log'>): RunState {
  return isFinal(state) && log.published < log.head ? 'running' : state;
}

/** The result of claiming an id. */
export type Claim =
  /**
   * The id was free and is claimed now. `position` is the number of runs of the conversation on all nodes that end before
   * this one starts, and `stop` tells of a cancel that came before the run, if several processes work with the store.
   */
  | {
      readonly status: 'created';
      readonly log: RunLog;
      readonly position?: number | undefined;
      /** How many other runs of the owner are in progress on all nodes. */
      readonly rank?: number | undefined;
      readonly stop?: CancelReason | undefined;
    }
  /** The id belongs to a run whose log is stored. */
  | { readonly status: 'existing'; readonly run: StoredRun }
  /** The id belongs to a run whose log is deleted; it must not be executed again. */
  | { readonly status: 'expired'; readonly requestHash: string }
  /** Another node has a run in the conversation, and {@link ClaimRequest.whenBusy} is `reject`; nothing is claimed. */
  | { readonly status: 'busy' }
  /** All nodes together have as many runs of the owner, or of the conversation, as they may; nothing is claimed. */
  | { readonly status: 'full'; readonly of: 'owner' | 'conversation' };

/** What a store for several processes needs to know of a run that is claimed; other stores ignore it. */
export interface ClaimRequest {
  /** What a node that does not execute the run must know of it, as JSON. */
  readonly options: string;
  /** @default 'enqueue' */
  readonly whenBusy?: 'enqueue' | 'reject' | 'interrupt' | undefined;
  /** Maximum number of runs of the owner in progress on all nodes. */
  readonly maxRunsOfOwner: number;
  /** Maximum number of runs of the conversation in progress on all nodes. */
  readonly maxRunsOfConversation: number;
  /** What a worker needs besides the options to do the run, as JSON: then this node does not become its host. */
  readonly work?: string | undefined;
}

/**
 * Stores runs: their logs while they last and for a while afterwards, their ids for longer.
 *
 * Writes without a result (`setState`, `keepDraft`, `append` of a log) are synchronous and go into a queue in the order
 * of the calls. A durable store commits the queue within milliseconds and publishes the entries of a log when they are
 * committed. Methods with a result (`create`, `open`, `list`, `unfinished`, `commit`) may return it at once or as a
 * promise; the result includes everything written before the call. While a promise is pending, later requests of the
 * same connection wait, and all others continue. Only one server at a time works with a store, unless the `Store` has a
 * `Cluster`.
 *
 * **Failures.** A method that throws or rejects has changed nothing, and the caller's client gets `internal_error`. If
 * a queued write can never be committed, the log of its run says so by `onFailed`; until then a store may retry as
 * often as it likes. Everything of such a run that is not committed is taken back: entries, state and draft. A store
 * whose writes either throw or wait until they succeed never calls `onFailed`.
 */
export interface RunStore {
  /** Identity of the stored data: a store with another epoch does not know the same runs. */
  readonly epoch: string;
  /**
   * Identity of the data of one owner, if parts of the data can be lost by themselves.
   * @default epoch
   */
  epochOf?(owner: string): string;
  /** Whether the stored data outlives the process. */
  readonly isDurable: boolean;
  /** Memory of this process that the logs of ended runs take, in bytes; absent if they take none. */
  readonly retainedBytes?: number;
  /**
   * Claims an id for a run, in the order of the calls: of two equal requests the second finds the run of the first. The
   * claim is durable after the next {@link commit}. After a rejection the id is free: the client may ask again with it.
   */
  create(meta: RunMeta, request?: ClaimRequest): Awaitable<Claim>;
  /**
   * The run, unless it does not exist or its log is deleted. A run without a final state comes with the log that its
   * writer appends to. A rejection fails only the request for the run.
   */
  open(owner: string, id: string): Awaitable<StoredRun | undefined>;
  /**
   * Records the state of a run. A final state starts the retention of its log.
   * @param checkpoint - what is needed to continue after a restart; the next call without one deletes it
   */
  setState(owner: string, id: string, state: RunState, checkpoint?: string): void;
  /** Stores text that the log of a run does not hold, or holds only at its end, so that a crash does not lose it. */
  keepDraft(owner: string, id: string, text: string): void;
  /** The newest runs of an owner whose logs are stored, at most `limit` of them, oldest first. */
  list(owner: string, limit: number): Awaitable<StoredRun[]>;
  /**
   * Runs without a final state: after a crash, the interrupted ones. Called once, before anything else; requests wait
   * for it. If it rejects, waiting requests get `internal_error`, and it is called again a second later.
   */
  unfinished(): Awaitable<StoredRun[]>;
  /**
   * Makes all writes so far durable. Called before effects that must not be lost: before a claimed run begins, and
   * before a cancel or an approval is confirmed.
   *
   * Throws or rejects if that is not possible. Ids claimed since the last commit are then free again, unless their runs
   * have written something; each `commit` that waits for them rejects. Other writes wait for the next commit, or fail
   * by `onFailed` of their logs.
   */
  commit(): Awaitable<void>;
  /**
   * Deletes data that has passed its retention. Called every few seconds; if it throws or rejects, the error is logged.
   */
  expire(): Awaitable<void>;
}
