import type { RunState } from '../protocol/server-messages.js';
import type { Awaitable } from '../runtime/awaitable.js';
import { isFinal } from './run-state.js';
import type { RunLog } from '../log/run-log.js';

/** What a client can ask for. */
export type RunKind = 'agent_query' | 'streaming_query' | 'tool_call';

/** What is known of a run before it starts. */
export interface RunMeta {
  /** `principal.id` of its owner. Everything is keyed by owner and id. */
  readonly owner: string;
  /** A UUID, the client's or the server's. */
  readonly id: string;
  readonly kind: RunKind;
  /** Tells whether a repeat asks for the same thing. */
  readonly requestHash: string;
  /** Unix milliseconds. */
  readonly createdAt: number;
  /** The conversation it belongs to. */
  readonly conversationId?: string;
  /** The tool, of a `tool_call`. */
  readonly toolName?: string;
}

/** A run the store holds, whole: meta, state and log. */
export interface StoredRun {
  readonly meta: RunMeta;
  readonly state: RunState;
  /** Of an unfinished run it takes further entries, after the last one. */
  readonly log: RunLog;
  /** What {@link RunStore.keepDraft} was given so far. */
  readonly draft: string;
  /** What {@link RunStore.setState} was given last. */
  readonly checkpoint?: string | undefined;
}

/** What may be told of where a run stands: an end that is not committed yet may still be lost. */
export function wireState({ state, log }: Pick<StoredRun, 'state' | 'log'>): RunState {
  return isFinal(state) && log.published < log.head ? 'running' : state;
}

/** What claiming an id came to. */
export type Claim =
  /** The id was free and is taken now. */
  | { readonly status: 'created'; readonly log: RunLog }
  /** The id belongs to a run whose log is here. */
  | { readonly status: 'existing'; readonly run: StoredRun }
  /** The id belonged to a run whose log is gone; it must not be executed again. */
  | { readonly status: 'expired'; readonly requestHash: string };

/**
 * Keeps runs: their logs while they last and for a while after, their ids for longer.
 *
 * What writes without an answer (`setState`, `keepDraft`, `append` of a log) is synchronous and goes into a queue in the
 * order of the calls. A durable store commits the queue within milliseconds and publishes the entries of a log when they
 * are committed. What is asked for (`create`, `open`, `list`, `unfinished`, `commit`) may be answered at once or in a
 * promise; an answer tells of everything written before the call. While a promise is pending, requests of the same
 * connection wait for it and all others go on. One server at a time works with a store.
 *
 * **Where something fails.** A method that throws or rejects has changed nothing, and whoever asked is told
 * `internal_error`. A queued write that cannot be committed for good is told by `onFailed` of the log of its run; until
 * then a store may try as often as it likes. Of such a run everything that is not committed is taken back: entries, state
 * and draft. A store whose writes either throw or wait until they succeed never calls it.
 */
export interface RunStore {
  /** Identity of what is kept: another epoch knows nothing of this one's runs. */
  readonly epoch: string;
  /** Whether what is kept outlives the process. */
  readonly isDurable: boolean;
  /**
   * Claims an id for a run, in the order of the calls: of two equal requests the second finds the first. The claim is
   * durable after the next {@link commit}. A rejection leaves the id free: the client may ask again under it.
   */
  create(meta: RunMeta): Awaitable<Claim>;
  /**
   * The run, unless its log is gone or it never was. A run without a final state comes with the log that its writer
   * appends to. A rejection fails the request that asked for the run, and nothing else.
   */
  open(owner: string, id: string): Awaitable<StoredRun | undefined>;
  /**
   * Records where a run stands. A final state starts the retention of its log.
   * @param checkpoint - what it takes to go on after a restart; dropped by the next call without one
   */
  setState(owner: string, id: string, state: RunState, checkpoint?: string): void;
  /** Adds text that the log of a run does not hold, or only at its end, so that a crash does not lose it. */
  keepDraft(owner: string, id: string, text: string): void;
  /** The newest runs of an owner whose logs are here, `limit` of them at most, oldest first. */
  list(owner: string, limit: number): Awaitable<StoredRun[]>;
  /**
   * Runs that have no final state: after a crash, those it interrupted. Asked for once, before anything else; requests
   * wait for it. Where it rejects, what waits is told `internal_error`, and it is asked for again a second later.
   */
  unfinished(): Awaitable<StoredRun[]>;
  /**
   * Makes everything durable that was written so far; called before something takes effect that must not be lost: a
   * run that was claimed begins, a cancel or an approval is confirmed.
   *
   * Throws or rejects where that is not possible. Ids that were claimed since the last commit are then free again, unless
   * their runs have written something; each `commit` that was waiting for them rejects. What else was written waits for the
   * next commit, or is told by `onFailed` of its log.
   */
  commit(): Awaitable<void>;
  /** Drops what is older than it is kept. Called every few seconds; what it throws or rejects with is logged. */
  expire(): Awaitable<void>;
}
