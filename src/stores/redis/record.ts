import type { CancelReason, RunState } from '../../protocol/server-messages.js';
import { isFinal } from '../../store/run-state.js';
import type { RunMeta } from '../../store/run-store.js';
import { isOurs, stateWith, type StoredEntry } from './run-entry.js';
import { openStop } from './signed-stop.js';
import type { Signer } from '../../store/signer.js';
import { runHash } from './keys.js';
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
 * @param key - hash of owner and id of the run
 */
export function toRecord(reply: Reply, key: string, signer: Signer): RunRecord | undefined {
  if (!Array.isArray(reply) || reply.length === 0) return undefined;
  const [meta, state, host, stop, options, work, checkpoint, ahead, generation, facts, writes, bytes, head, newest] =
    reply as readonly (string | null)[];
  const last = newest === null || newest === undefined ? undefined : (JSON.parse(newest) as StoredEntry);
  const isEnd = last !== undefined && !isFinal(state as RunState) && isOurs(last, key, Number(head), signer);
  const parsed = JSON.parse(meta ?? '') as RunMeta;
  const saved = openField('checkpoint', checkpoint, parsed, signer);
  return {
    meta: parsed,
    state: stateWith(state as RunState, isEnd ? last : undefined),
    host: host ?? '',
    stop: stop === null || stop === undefined ? undefined : openStop(stop, key, signer),
    options: openField('options', options, parsed, signer),
    work: openField('work', work, parsed, signer),
    checkpoint: saved === undefined ? undefined : (JSON.parse(saved) as string),
    aheadMs: Number(ahead ?? 0),
    generation: Number(generation),
    facts: Number(facts ?? 0),
    writes: Number(writes ?? 0),
    bytes: Number(bytes ?? 0),
    head: Number(head),
  };
}

/** What a node that takes over a run acts on: how and what is to be done, and what was decided. */
type SignedField = 'options' | 'work' | 'checkpoint';

/** A field of a record as it is stored: bound to the run, so that it means nothing in the record of another one. */
export function sealField(field: SignedField, text: string, { owner, id }: RunMeta, signer: Signer): string {
  return signer.seal('record', `${runHash(owner, id)} ${field}`, text);
}

/** What {@link sealField} wrote; `undefined` if there is nothing, or nothing that a node of the cluster has written. */
function openField(
  field: SignedField,
  sealed: string | null | undefined,
  { owner, id }: RunMeta,
  signer: Signer,
): string | undefined {
  return typeof sealed === 'string' ? signer.open('record', `${runHash(owner, id)} ${field}`, sealed) : undefined;
}
