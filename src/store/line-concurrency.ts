import type { ClusterNode } from './cluster.js';

/**
 * How many runs some nodes take from the line at the same time, all together; `undefined` if one of them does not say: it has
 * an older version, and may be a worker.
 */
export function lineConcurrency(nodes: readonly ClusterNode[]): number | undefined {
  let sum = 0;
  for (const { concurrency } of nodes) {
    if (concurrency === undefined) return undefined;
    sum += concurrency;
  }
  return sum;
}
