import { AggregatorRegistry, type Registry } from 'prom-client';

/** The metrics of one process, as a registry of `prom-client` exports them. */
export type ExportedMetrics = Awaited<ReturnType<Registry['getMetricsAsJSON']>>;

/** The metrics of several processes as one text. Series with the same labels are summed. */
export function combineMetrics(exported: readonly ExportedMetrics[]): Promise<string> {
  return AggregatorRegistry.aggregate([...exported]).metrics();
}
