import type { CountedHistogram } from '../runtime/counted-histogram.js';

/** Calls of one kind. */
export interface CallCounts {
  /** How many were sent, repeated ones included. */
  readonly sent: number;
  /** How long those took that were answered without an error, in milliseconds. */
  readonly ms: CountedHistogram;
}

/** Why a node looks at the log of a run that another node writes. */
export type LookReason = 'silence' | 'resubscribe' | 'gap';

/** What a node counts of its work with the stores of its cluster since its start. Read when metrics are asked for. */
export interface ClusterCounts {
  /** From each beat to its answer, in milliseconds. */
  readonly beats: CountedHistogram;
  /** What was dropped since it was not signed with a secret of the cluster, by kind. */
  readonly forged: Readonly<Record<string, number>>;
  /** Calls of the store, by name. */
  readonly calls: Iterable<readonly [name: string, CallCounts]>;
  /** Pauses before calls that could not be made were sent again. */
  readonly retries: number;
  /** From the append of each entry of a log to its publication, in milliseconds. */
  readonly commits: CountedHistogram;
  /** Entries of logs in each call that has any. */
  readonly entriesPerCall: CountedHistogram;
  /** Memory of writes that the store has not confirmed, in bytes. */
  readonly waitingBytes: number;
  /** Entries that the store had lost and that were written again. */
  readonly resentEntries: number;
  /** Runs of other nodes whose logs are followed now. */
  readonly followedRuns: number;
  /** How often the store was asked where such a log is, by reason. */
  readonly looks: Readonly<Record<LookReason, number>>;
}

/** What a line of runs counts of its tickets since it was opened. Read when metrics are asked for. */
export interface QueueCounts {
  /** From the addition of each ticket to its first delivery here, in milliseconds, by the clocks of both machines. */
  readonly waits: CountedHistogram;
  /** Tickets that were dropped, since they were not signed with a secret of the cluster. */
  readonly forged: number;
}
