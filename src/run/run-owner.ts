import type { Coalescer } from '../log/coalescer.js';

/** What a run tells its manager. */
export interface RunOwner<Run> {
  readonly coalescer: Coalescer;
  /** `bytes` more are in the log of a run in progress. */
  onAppended(run: Run, bytes: number): void;
  /** Text that its log does not hold yet. */
  onDraft(run: Run, text: string): void;
  /** It entered another state; `checkpoint` is what it takes to go on after a restart. */
  onState(run: Run, checkpoint: string | undefined): void;
  /** Its work, its log or its store failed with something no client may read. */
  onFault(run: Run, error: unknown): void;
}
