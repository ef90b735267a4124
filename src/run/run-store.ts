import type { RunState } from '../protocol/server-messages.js';
import type { RunLog } from './run-log.js';

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
}

/** A run the store holds, whole: meta, state and log. */
export interface StoredRun {
  readonly meta: RunMeta;
  readonly state: RunState;
  readonly log: RunLog;
}

/** What claiming an id came to. */
export type Claim =
  /** The id was free and is taken now. A durable store has committed it. */
  | { readonly status: 'created'; readonly log: RunLog }
  /** The id belongs to a run whose log is here. */
  | { readonly status: 'existing'; readonly run: StoredRun }
  /** The id belonged to a run whose log is gone; it must not be executed again. */
  | { readonly status: 'expired'; readonly requestHash: string };

/** Keeps runs: their logs while they last and for a while after, their ids for longer. */
export interface RunStore {
  /** Identity of what is kept: another epoch knows nothing of this one's runs. */
  readonly epoch: string;
  /** Claims an id for a run, synchronously: of two equal requests the second finds the first. */
  create(meta: RunMeta): Claim;
  /** The run, unless its log is gone or it never was. */
  open(owner: string, id: string): StoredRun | undefined;
  /** Records where a run stands. A final state starts the retention of its log. */
  setState(owner: string, id: string, state: RunState): void;
  /** The runs of an owner whose logs are here, oldest first. */
  list(owner: string): StoredRun[];
  /** Runs that have no final state: after a crash, those it interrupted. */
  unfinished(): StoredRun[];
  /** Drops what is older than it is kept. Called every few seconds. */
  expire(): void;
}
