import { randomUUID } from 'node:crypto';
import { FairMap, type FairEntry } from '../../runtime/fair-map.js';
import { checkOptions, type Checked } from '../../runtime/option-table.js';
import { isFinal } from '../../store/run-state.js';
import type { RunState } from '../../protocol/server-messages.js';
import { MemoryRunLog } from './memory-run-log.js';
import { RETENTION_OPTIONS, type RetentionOptions } from '../retention-options.js';
import type { Claim, RunMeta, RunStore, StoredRun } from '../../store/run-store.js';

/** Memory that an ended run takes besides its log: 1,500 bytes of heap, measured for a run of one message. */
const RUN_BYTES = 1_500;

/** The draft is always empty: a crash that would need it loses the log as well. */
interface MemoryRun extends StoredRun {
  state: RunState;
  readonly log: MemoryRunLog;
  checkpoint?: string | undefined;
}

/** An ended run. */
interface Ended {
  readonly requestHash: string;
  readonly at: number;
}

/** Run logs in memory, kept as long as the process lives. */
export class MemoryRunStore implements RunStore {
  readonly epoch = randomUUID();
  readonly isDurable = false;
  readonly #options: Checked<RetentionOptions, typeof RETENTION_OPTIONS>;
  /** Runs whose logs are stored, by owner and id. */
  readonly #owners = new Map<string, Map<string, MemoryRun>>();
  /** Ended runs whose logs are stored, with their sizes. */
  readonly #retained = new FairMap<Ended>();
  /** Ended runs whose logs are deleted. */
  readonly #remembered = new FairMap<Ended>();

  /** @throws OptionError if an option breaks its rule. */
  constructor(options: RetentionOptions = {}) {
    this.#options = checkOptions(options, RETENTION_OPTIONS);
  }

  get retainedBytes(): number {
    return this.#retained.weight;
  }

  create(meta: RunMeta): Claim {
    const run = this.open(meta.owner, meta.id);
    if (run !== undefined) return { status: 'existing', run };
    const ended = this.#remembered.get(meta.owner, meta.id);
    if (ended !== undefined) return { status: 'expired', requestHash: ended.requestHash };
    const log = new MemoryRunLog(meta.id);
    let runs = this.#owners.get(meta.owner);
    if (runs === undefined) this.#owners.set(meta.owner, (runs = new Map<string, MemoryRun>()));
    runs.set(meta.id, { meta, state: 'accepted', log, draft: '', checkpoint: undefined });
    return { status: 'created', log };
  }

  open(owner: string, id: string): StoredRun | undefined {
    return this.#owners.get(owner)?.get(id);
  }

  setState(owner: string, id: string, state: RunState, checkpoint?: string): void {
    const run = this.#owners.get(owner)?.get(id);
    if (run === undefined || isFinal(run.state)) return;
    run.state = state;
    run.checkpoint = checkpoint;
    if (!isFinal(state)) return;
    run.log.seal();
    const { requestHash, payer } = run.meta;
    const bytes = run.log.bytes + RUN_BYTES;
    this.#retained.set(owner, id, { requestHash, at: this.#options.clock() }, bytes, payer);
    this.#evict();
  }

  /** Does nothing: a crash leaves no run in memory that could be completed. */
  keepDraft(): void {}

  list(owner: string, limit: number): StoredRun[] {
    const runs = [...(this.#owners.get(owner)?.values() ?? [])];
    return runs.slice(Math.max(0, runs.length - limit));
  }

  /** Always empty: no run in memory outlives its process. */
  unfinished(): StoredRun[] {
    return [];
  }

  /** Does nothing: memory has no commits. */
  commit(): void {}

  expire(): void {
    this.#evict();
    const { rememberIdsMs, maxRememberedIds, clock } = this.#options;
    const ids = this.#remembered;
    const forget = ({ owner, id }: FairEntry<Ended>): void => void ids.delete(owner, id);
    removeUntil(ids, clock() - rememberIdsMs, forget);
    for (let entry; ids.size > maxRememberedIds && (entry = ids.oldestOfLargest) !== undefined;) forget(entry);
  }

  /** Deletes logs that are too old or exceed the size limit; their ids stay. */
  #evict(): void {
    const { retainMs, maxRetainedBytes, clock } = this.#options;
    const logs = this.#retained;
    removeUntil(logs, clock() - retainMs, (entry) => this.#drop(entry));
    for (let entry; logs.weight > maxRetainedBytes && (entry = logs.oldestOfLargest) !== undefined;) this.#drop(entry);
  }

  #drop({ owner, id, value, payer }: FairEntry<Ended>): void {
    this.#retained.delete(owner, id);
    this.#remembered.set(owner, id, value, 1, payer);
    const runs = this.#owners.get(owner);
    runs?.delete(id);
    if (runs?.size === 0) this.#owners.delete(owner);
  }
}

/** Removes what ended at or before a time. */
function removeUntil(map: FairMap<Ended>, time: number, remove: (entry: FairEntry<Ended>) => void): void {
  for (let entry = map.oldest; entry !== undefined && entry.value.at <= time; entry = map.oldest) remove(entry);
}
