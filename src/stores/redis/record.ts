import type { CancelReason, RunState } from '../../protocol/server-messages.js';
import type { RunMeta } from '../../store/run-store.js';
import { stateWith } from './run-entry.js';
import type { Reply } from './redis-client.js';

/** What Redis holds of a run besides its log. */
export interface RunRecord {
  readonly meta: RunMeta;
  readonly state: RunState;
  /** Node that executes the run; empty if none does. */
  readonly host: string;
  readonly stop: CancelReason | undefined;
  readonly options: string | undefined;
  readonly work: string | undefined;
  readonly checkpoint: string | undefined;
  /** How far the wall clock of the node that wrote the checkpoint was ahead of that of Redis, in milliseconds. */
  readonly aheadMs: number;
  /** Number of hosts that the run has had. */
  readonly generation: number;
  /** How often something was wanted of the run. */
  readonly facts: number;
  /** Number of the last write. */
  readonly writes: number;
  /** Size of the log of an ended run. */
  readonly bytes: number;
  /** The newest seq of the log. */
  readonly head: number;
}

/**
 * What the function `record` of the scripts returns; `undefined` if there is no run.
 * @param readStop - why the run is to be stopped, from what another node has written
 */
export function toRecord(reply: Reply, readStop: (sealed: string) => CancelReason | undefined): RunRecord | undefined {
  if (!Array.isArray(reply) || reply.length === 0) return undefined;
  const [meta, state, host, stop, options, work, checkpoint, ahead, generation, facts, writes, bytes, head, newest] =
    reply as readonly (string | null)[];
  return {
    meta: JSON.parse(meta ?? '') as RunMeta,
    state: stateWith(state as RunState, newest ?? null),
    host: host ?? '',
    stop: stop === null || stop === undefined ? undefined : readStop(stop),
    options: options ?? undefined,
    work: work ?? undefined,
    checkpoint: checkpoint === null || checkpoint === undefined ? undefined : (JSON.parse(checkpoint) as string),
    aheadMs: Number(ahead ?? 0),
    generation: Number(generation),
    facts: Number(facts ?? 0),
    writes: Number(writes ?? 0),
    bytes: Number(bytes ?? 0),
    head: Number(head),
  };
}
