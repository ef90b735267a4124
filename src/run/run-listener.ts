import type { ToolDone } from '../tool/run-tool.js';
import type { ModelReport } from './run-reports.js';
import type { RunPace } from './run-pace.js';

/** Gets the events of a run: its manager. */
export interface RunListener<Run> {
  /** Counts the text of all runs. */
  readonly pace: RunPace;
  /** The log of a run in progress has grown by `bytes`. */
  onAppended(run: Run, bytes: number): void;
  /** Text that is not in the log yet, to be stored as draft. */
  onDraft(run: Run, text: string): void;
  /** The run entered another state; `checkpoint` is what is needed to continue after a restart. */
  onState(run: Run, checkpoint: string | undefined): void;
  /** The last reader left; `canReturn` says whether its client can come back. */
  onUnread(run: Run, canReturn: boolean): void;
  /** The work, the log or the store of the run failed with an error that no client may read. */
  onFault(run: Run, error: unknown): void;
  /** A call of the model is over. */
  onModel(run: Run, report: ModelReport): void;
  /** A tool call is over. */
  onTool(run: Run, done: ToolDone): void;
}
