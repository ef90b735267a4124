import type { Settings } from './settings-table.js';

/** How long runs may continue after a signal, in milliseconds: as long as a container waits, less what else takes time. */
const DRAIN_MS = 5_000;

/** The same in a cluster, where nobody waits for the process: as long as a run may take by default. */
const CLUSTER_DRAIN_MS = 600_000;

/** How long the service goes on after a signal, in milliseconds. */
export interface DrainTimes {
  /** How long it accepts connections. */
  readonly delayMs: number;
  /** How long its runs may take after that. */
  readonly drainMs: number;
}

/** @param isInCluster - whether other processes serve the clients meanwhile */
export function drainTimes({ delayMs, drainMs }: Settings, isInCluster: boolean): DrainTimes {
  return { delayMs, drainMs: drainMs ?? (isInCluster ? CLUSTER_DRAIN_MS : DRAIN_MS) };
}
