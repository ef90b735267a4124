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
  /** No new connection is on its way to you any more. */
  | { readonly type: 'left' }
  /** The metrics of all processes, which the worker asked for. */
  | { readonly type: 'metrics'; readonly id: number; readonly text: string };

/** What a worker tells the primary process. */
export type ToPrimary =
  /** Which node of the cluster the worker is. */
  | { readonly type: 'node'; readonly nodeId: string }
  /** The worker has closed its listener. */
  | { readonly type: 'left' }
  /** The metrics of the worker, which the primary asked for. */
  | { readonly type: 'measured'; readonly id: number; readonly metrics: ExportedMetrics }
  /** Send the metrics of all processes. */
  | { readonly type: 'ask_metrics'; readonly id: number };
