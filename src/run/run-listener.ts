import type { Coalescer } from '../log/coalescer.js';

/** Whom a run tells of itself: its manager. */
export interface RunListener<Run> {
  /** Gathers the text of all runs. */
  readonly coalescer: Coalescer;
  /** `bytes` more are in the log of a run in progress. */
  onAppended(run: Run, bytes: number): void;
  /** Text that the log does not hold yet. */
  onDraft(run: Run, text: string): void;
  /** The run entered another state; `checkpoint` is what it takes to go on after a restart. */
  onState(run: Run, checkpoint: string | undefined): void;
  /** The last reader left; `canReturn` says whether its client can come back. */
  onUnread(run: Run, canReturn: boolean): void;
  /** The work, the log or the store of the run failed with an error that no client may read. */
  onFault(run: Run, error: unknown): void;
}
