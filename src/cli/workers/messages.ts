import type { ExportedMetrics } from '../../telemetry/combine-metrics.js';

/** What the primary process tells a worker. */
export type ToWorker =
  /** End in order; a repetition changes nothing. */
  | { readonly type: 'stop'; readonly signal: string }
  /** End at once. */
  | { readonly type: 'end'; readonly signal: NodeJS.Signals }
  /** Open the log files anew. */
  | { readonly type: 'reopen' }
  /** Another process on this machine is gone, which was this node of the cluster. */
  | { readonly type: 'gone'; readonly nodeId: string }
  /** Send your metrics. */
  | { readonly type: 'measure'; readonly id: number }
  /** The answer to what the worker asked under this id. */
  | { readonly type: 'answer'; readonly id: number; readonly text: string };

/** What a worker asks the primary process. */
export type Question =
  /** May the worker, which has closed its listener, end? The answer, which has no text, comes after the last connection. */
  | 'leave'
  /** What are the metrics of all processes? */
  | 'metrics';

/** What a worker tells the primary process. */
export type ToPrimary =
  /** Which node of the cluster the worker is. */
  | { readonly type: 'node'; readonly nodeId: string }
  /** The metrics of the worker, which the primary asked for. */
  | { readonly type: 'measured'; readonly id: number; readonly metrics: ExportedMetrics }
  /** Answer the question under this id. */
  | { readonly type: 'ask'; readonly id: number; readonly question: Question };
