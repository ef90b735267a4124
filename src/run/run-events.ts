import type { Principal } from '../connection/principal.js';
import type { ToolDone } from '../tool/run-tool.js';
import type { RunHandle } from './run-handle.js';
import type { ApprovalReport, ModelReport } from './run-reports.js';
import type { RunUsage } from './run-usage.js';
import type { Run } from './run.js';

/** Events of a {@link RunManager}. */
export interface RunEvents<P extends Principal = Principal> {
  /** A new run was accepted. It starts now or in its turn. */
  start: [run: Run];
  /** The final message of a run is in its log: see `run.state`. */
  end: [run: Run];
  /**
   * What a run has used, after `end`: also of a run that failed or was cancelled. Runs that asked no model and called no
   * tool have no such event.
   */
  usage: [usage: RunUsage<P>];
  /** A call of the model is over. */
  model: [run: Run, report: ModelReport];
  /** A tool call is over, executed or refused. */
  tool: [run: Run, done: ToolDone];
  /** A person has decided about a tool call of a run of this process. */
  approval: [report: ApprovalReport<P>];
  /** Another node of the cluster has created a run in a conversation that is watched here. */
  elsewhere: [run: RunHandle];
}

/** The run of a request. */
export type CreatedRun =
  /** A new run, of this process or for a worker: pass it to {@link RunManager.start}. */
  | { readonly isNew: true; readonly run: RunHandle }
  /** The id belongs to an earlier run with the same content; nothing is executed. */
  | { readonly isNew: false; readonly run: RunHandle };
