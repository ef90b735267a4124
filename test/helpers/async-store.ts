import { setImmediate } from 'node:timers/promises';
import {
  type Claim,
  type LedgerEntry,
  type LedgerKey,
  type RunEntry,
  type RunLog,
  type RunMeta,
  type RunState,
  type RunStore,
  type StoredRun,
  type ToolLedger,
  type WireEntry,
} from '../../src/index.js';
import { MemoryRunStore } from '../../src/stores/memory/memory-run-store.js';
import type { RetentionOptions } from '../../src/stores/retention-options.js';
import { MemoryToolLedger } from '../../src/stores/memory/memory-tool-ledger.js';

/** An operation of the database. */
export type Operation =
  | 'create'
  | 'open'
  | 'list'
  | 'unfinished'
  | 'commit'
  | 'append'
  | 'setState'
  | 'keepDraft'
  | 'read'
  | 'begin';

/** What the database stores of a run without a final state, besides its log. */
interface Unfinished {
  readonly meta: RunMeta;
  state: RunState;
  draft: string;
  checkpoint: string | undefined;
}

const keyOf = (owner: string, id: string): string => JSON.stringify([owner, id]);

/**
 * A database behind a network: it does one operation after the other, each a little later, and fails if the test says
 * so. The database outlives the stores that use it.
 */
export class AsyncDatabase {
  readonly runs: MemoryRunStore;
  readonly ledger = new MemoryToolLedger();
  readonly unfinished = new Map<string, Unfinished>();
  /** Rows of claims that were taken back: they count as absent. */
  readonly withdrawn = new Set<string>();
  /** Every operation requested so far, in order. */
  readonly asked: Operation[] = [];
  /** Every operation done so far, in order. */
  readonly done: Operation[] = [];
  /** Whether this operation fails now. */
  fails: (operation: Operation, detail?: string) => boolean = () => false;
  /** Awaited before each operation. */
  delay: (operation: Operation, detail?: string) => Promise<unknown> = () => setImmediate();
  /** When the current operation was requested, in Unix milliseconds. */
  #at = 0;
  readonly #clock: () => number;
  #last: Promise<unknown> = Promise.resolve();

  constructor({ clock = Date.now, ...options }: RetentionOptions = {}) {
    this.#clock = clock;
    this.runs = new MemoryRunStore({ ...options, clock: () => this.#at });
  }

  /** Does `work` after all earlier operations. */
  do<T>(operation: Operation, work: () => T, detail?: string): Promise<T> {
    const at = this.#clock();
    this.asked.push(operation);
    const result = this.#last.then(async () => {
      await this.delay(operation, detail);
      if (this.fails(operation, detail)) throw new Error(`The database failed to ${operation}`);
      this.#at = at;
      this.done.push(operation);
      return work();
    });
    this.#last = result.catch(() => undefined);
    return result;
  }
}

/** A log whose entries are committed later, one by one. */
class AsyncLog implements RunLog {
  readonly #database: AsyncDatabase;
  readonly #log: RunLog;
  readonly #write: AsyncRun;
  #head: number;

  constructor(database: AsyncDatabase, log: RunLog, run: AsyncRun) {
    this.#database = database;
    this.#log = log;
    this.#write = run;
    this.#head = log.published;
  }

  get published(): number {
    return this.#log.published;
  }

  get head(): number {
    return this.#head;
  }

  get bytes(): number {
    return this.#log.bytes;
  }

  append(entry: RunEntry): void {
    if (entry.seq !== this.#head + 1) throw new RangeError(`Entry ${entry.seq} does not follow ${this.#head}`);
    this.#head = entry.seq;
    this.#write.queue('append', () => this.#log.append(entry), 'content' in entry ? entry.content : entry.type);
  }

  async read(after: number): Promise<readonly WireEntry[]> {
    return await this.#database.do('read', () => this.#log.read(after));
  }

  onPublished(wake: () => void): () => void {
    return this.#log.onPublished(wake);
  }

  onFailed(fail: (error: unknown) => void): void {
    this.#write.onFailed = (error) => {
      this.#head = this.#log.published;
      fail(error);
    };
  }

  /** Takes back unpublished entries if there is no listener. */
  rewind(): void {
    this.#head = this.#log.published;
  }
}

/** A run in progress and its writes. After a failed write, later ones are dropped until the run is informed. */
class AsyncRun {
  readonly log: AsyncLog;
  onFailed: (error: unknown) => void = () => this.log.rewind();
  readonly #database: AsyncDatabase;
  /** Number of failures: writes of an earlier generation were queued before a failure. */
  #generation = 0;
  /** Why writes were dropped since the last commit. */
  #failure: { readonly error: unknown } | undefined;

  constructor(database: AsyncDatabase, log: RunLog) {
    this.#database = database;
    this.log = new AsyncLog(database, log, this);
  }

  queue(operation: Operation, write: () => void, detail?: string): void {
    const generation = this.#generation;
    const isCurrent = (): boolean => generation === this.#generation;
    this.#database
      .do(operation, () => (isCurrent() ? write() : undefined), detail)
      .catch((error: unknown) => {
        if (!isCurrent()) return;
        this.#generation++;
        this.#failure = { error };
        this.onFailed(error);
      });
  }

  /** @throws the failure since the last call. */
  check(): void {
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) throw failure.error;
  }
}

/** Keeps runs in an {@link AsyncDatabase}: an example of a store whose every answer is a promise. */
export class AsyncRunStore implements RunStore {
  readonly epoch: string;
  readonly isDurable = true;
  readonly #database: AsyncDatabase;
  readonly #live = new Map<string, AsyncRun>();
  /** Runs claimed since the last commit. */
  readonly #claimed = new Set<string>();

  constructor(database: AsyncDatabase) {
    this.#database = database;
    this.epoch = database.runs.epoch;
  }

  async create(meta: RunMeta): Promise<Claim> {
    const { runs, unfinished, withdrawn } = this.#database;
    const key = keyOf(meta.owner, meta.id);
    const claim = await this.#database.do('create', () => {
      let claimed = runs.create(meta);
      // A claim that was taken back can be claimed again; nothing was ever written to it.
      if (withdrawn.delete(key) && claimed.status === 'existing') claimed = { status: 'created', log: claimed.run.log };
      if (claimed.status === 'created') {
        unfinished.set(key, { meta, state: 'accepted', draft: '', checkpoint: undefined });
      }
      return claimed;
    });
    if (claim.status === 'created') {
      this.#claimed.add(key);
      return { status: 'created', log: this.#runOf(key, claim.log).log };
    }
    return claim.status === 'existing' ? { status: 'existing', run: this.#toStored(claim.run) } : claim;
  }

  async open(owner: string, id: string): Promise<StoredRun | undefined> {
    const run = await this.#database.do('open', () => this.#database.runs.open(owner, id));
    return run === undefined || this.#database.withdrawn.has(keyOf(owner, id)) ? undefined : this.#toStored(run);
  }

  setState(owner: string, id: string, state: RunState, checkpoint?: string): void {
    const key = keyOf(owner, id);
    this.#live.get(key)?.queue(
      'setState',
      () => {
        const { runs, unfinished } = this.#database;
        runs.setState(owner, id, state, checkpoint);
        const run = unfinished.get(key);
        if (run !== undefined) Object.assign(run, { state, checkpoint });
        if (['finished', 'failed', 'cancelled', 'interrupted'].includes(state)) {
          unfinished.delete(key);
          this.#live.delete(key);
        }
      },
      state,
    );
  }

  keepDraft(owner: string, id: string, text: string): void {
    const key = keyOf(owner, id);
    this.#live.get(key)?.queue('keepDraft', () => {
      const run = this.#database.unfinished.get(key);
      if (run !== undefined) run.draft += text;
    });
  }

  async list(owner: string, limit: number): Promise<StoredRun[]> {
    const runs = await this.#database.do('list', () => this.#database.runs.list(owner, limit));
    return runs.flatMap((run) => (this.#database.withdrawn.has(keyOf(owner, run.meta.id)) ? [] : this.#toStored(run)));
  }

  async unfinished(): Promise<StoredRun[]> {
    const { runs, unfinished } = this.#database;
    const left = await this.#database.do('unfinished', () =>
      [...unfinished.values()].flatMap(({ meta: { owner, id } }) => runs.open(owner, id) ?? []),
    );
    return left.map((run) => this.#toStored(run));
  }

  async commit(): Promise<void> {
    const claimed = [...this.#claimed];
    try {
      // Writes that are queued now are done by then.
      await this.#database.do('commit', () => undefined);
      for (const run of this.#live.values()) run.check();
    } catch (error) {
      for (const key of claimed) this.#withdraw(key);
      throw error;
    } finally {
      for (const key of claimed) this.#claimed.delete(key);
    }
  }

  async expire(): Promise<void> {
    await this.#database.do('commit', () => this.#database.runs.expire());
  }

  #withdraw(key: string): void {
    if (!this.#claimed.has(key) || this.#live.get(key)?.log.head !== 0) return;
    this.#live.delete(key);
    this.#database.unfinished.delete(key);
    this.#database.withdrawn.add(key);
  }

  #toStored(run: StoredRun): StoredRun {
    const { owner, id } = run.meta;
    const unfinished = this.#database.unfinished.get(keyOf(owner, id));
    if (unfinished === undefined) return run;
    const { meta, state, draft, checkpoint } = unfinished;
    return { meta, state, draft, checkpoint, log: this.#runOf(keyOf(owner, id), run.log).log };
  }

  #runOf(key: string, log: RunLog): AsyncRun {
    let run = this.#live.get(key);
    if (run === undefined) this.#live.set(key, (run = new AsyncRun(this.#database, log)));
    return run;
  }
}

/** A ledger in the same database. */
export class AsyncToolLedger implements ToolLedger {
  readonly #database: AsyncDatabase;

  constructor(database: AsyncDatabase) {
    this.#database = database;
  }

  begin(key: LedgerKey): Promise<LedgerEntry | undefined> {
    return this.#database.do('begin', () => this.#database.ledger.begin(key));
  }

  settle(key: LedgerKey): Promise<void> {
    return this.#database.do('commit', () => this.#database.ledger.settle(key));
  }

  forget(runKey: string): Promise<void> {
    return this.#database.do('commit', () => this.#database.ledger.forget(runKey));
  }
}
