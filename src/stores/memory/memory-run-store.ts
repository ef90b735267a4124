import { randomUUID } from 'node:crypto';
import { checkOptions, type Checked } from '../../runtime/option-table.js';
import { isFinal } from '../../store/run-state.js';
import type { RunState } from '../../protocol/server-messages.js';
import { MemoryRunLog } from './memory-run-log.js';
import { RETENTION_OPTIONS, type RetentionOptions } from '../retention-options.js';
import { runKey } from '../../store/run-key.js';
import type { Claim, RunMeta, RunStore, StoredRun } from '../../store/run-store.js';

/** Memory that an ended run takes besides its log: 1,500 bytes of heap, measured for a run of one message. */
const RUN_BYTES = 1_500;

/** The draft is always empty: a crash that would need it loses the log as well. */
interface MemoryRun extends StoredRun {
  state: RunState;
  checkpoint?: string | undefined;
}

/** An ended run, in the order of ending. */
interface Ended {
  readonly owner: string;
  readonly requestHash: string;
  readonly at: number;
  readonly bytes: number;
}

/** Run logs in memory, kept as long as the process lives. */
export class MemoryRunStore implements RunStore {
  readonly epoch = randomUUID();
  readonly isDurable = false;
  readonly #options: Checked<RetentionOptions, typeof RETENTION_OPTIONS>;
  /** Runs whose logs are stored, by owner and id. */
  readonly #owners = new Map<string, Map<string, MemoryRun>>();
  /** Keys of ended runs whose logs are stored, oldest first. */
  readonly #retained = new Map<string, Ended & { readonly id: string }>();
  /** Keys of ended runs whose logs are deleted, oldest first. */
  readonly #remembered = new Map<string, Ended>();
  #retainedBytes = 0;

  /** @throws OptionError if an option breaks its rule. */
  constructor(options: RetentionOptions = {}) {
    this.#options = checkOptions(options, RETENTION_OPTIONS);
  }

  create(meta: RunMeta): Claim {
    const run = this.open(meta.owner, meta.id);
    if (run !== undefined) return { status: 'existing', run };
    const ended = this.#remembered.get(runKey(meta.owner, meta.id));
    if (ended !== undefined) return { status: 'expired', requestHash: ended.requestHash };
    const log = new MemoryRunLog(meta.id);
    let runs = this.#owners.get(meta.owner);
    if (runs === undefined) this.#owners.set(meta.owner, (runs = new Map<string, MemoryRun>()));
    runs.set(meta.id, { meta, state: 'accepted', log, draft: '' });
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
    const { requestHash } = run.meta;
    const ended = { owner, id, requestHash, at: this.#options.clock(), bytes: run.log.bytes + RUN_BYTES };
    this.#retained.set(runKey(owner, id), ended);
    this.#retainedBytes += ended.bytes;
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
    const before = clock() - rememberIdsMs;
    for (const [key, ended] of this.#remembered) {
      if (ended.at > before && this.#remembered.size <= maxRememberedIds) break;
      this.#remembered.delete(key);
    }
  }

  /** Deletes logs that are too old or exceed the size limit; their ids stay. */
  #evict(): void {
    const { retainMs, maxRetainedBytes, clock } = this.#options;
    const before = clock() - retainMs;
    for (const [key, ended] of this.#retained) {
      if (ended.at > before && this.#retainedBytes <= maxRetainedBytes) break;
      this.#retained.delete(key);
      this.#retainedBytes -= ended.bytes;
      this.#remembered.set(key, ended);
      const runs = this.#owners.get(ended.owner);
      runs?.delete(ended.id);
      if (runs?.size === 0) this.#owners.delete(ended.owner);
    }
  }
}
