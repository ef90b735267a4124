import type { StoredRun } from '../../store/run-store.js';
import { FollowedRun, type NewEntries, type ReadersListener } from './followed-run.js';
import type { ReadStored } from './log-tail.js';
import type { Signer } from '../../store/signer.js';
import { toRecord, type RunRecord } from './record.js';
import { isOurs, type StoredEntry } from './run-entry.js';
import type { RedisCalls } from './redis-calls.js';
import { ATTACH, DETACH } from './scripts/read.js';

/** How long a run is followed after its last reader left, in milliseconds. */
const LINGER_MS = 5_000;
/** Pause before an attempt to follow a run is repeated, in milliseconds. */
const RETRY_MS = 1_000;
/** Most entries that are kept while Redis is asked where the log is. */
const MOST_EARLY = 1_000;

/** Told when readers of a run must be sent away: what they have read is lost, or the run is. */
export type OnLostLog = (run: StoredRun) => void;

/** What a node is told about one log. */
type ToldEntries = readonly [key: string, generation: number, first: number, entries: readonly StoredEntry[]];

/** A run that this node follows. */
interface Following {
  readonly run: FollowedRun;
  /** What came while Redis is asked; absent if it is not asked. */
  early?: NewEntries[] | undefined;
  /** How often something may have been lost: an answer that was asked for before may be older. */
  losses: number;
  timer?: NodeJS.Timeout | undefined;
}

/**
 * The runs of other nodes that are read here. A run is followed once, however many read it. What is told of a log is never
 * more than a help: whatever is missing, Redis is asked where the log is, and readers read it there.
 */
export class Followers implements ReadersListener {
  readonly #calls: RedisCalls;
  readonly #node: string;
  readonly #signer: Signer;
  readonly #onLost: OnLostLog;
  readonly #followed = new Map<string, Following>();
  /** Runs that were opened before their followed copy was: they follow the copy. */
  readonly #copies = new Map<FollowedRun, () => void>();
  #isClosed = false;

  constructor(calls: RedisCalls, node: string, signer: Signer, onLost: OnLostLog) {
    this.#calls = calls;
    this.#node = node;
    this.#signer = signer;
    this.#onLost = onLost;
  }

  /** Number of runs that are followed. */
  get size(): number {
    return this.#followed.size;
  }

  /** The run of a record: the same object for all who read it. */
  runOf(record: RunRecord, place: { base: string; key: string }, read: ReadStored): FollowedRun {
    const followed = this.#followed.get(place.key);
    if (followed === undefined) return new FollowedRun(record, place, read, this, this.#calls.clock);
    this.#update(followed, record);
    return followed.run;
  }

  /** Other nodes have written entries: takes what the script `write` tells followers. */
  take(text: string): void {
    for (const [key, generation, first, entries] of JSON.parse(text) as ToldEntries[]) {
      const followed = this.#followed.get(key);
      if (followed === undefined) continue;
      const forged = entries.findIndex((entry, index) => !isOurs(entry, key, first + index, this.#signer));
      if (forged === 0) continue;
      const told = { generation, first, entries: forged === -1 ? entries : entries.slice(0, forged) };
      if (followed.early === undefined) this.#take(followed, told);
      else if (followed.early.length < MOST_EARLY) followed.early.push(told);
    }
  }

  /**
   * Asks Redis about runs of which nothing was heard for a while.
   * @param silentMs - 0 for all runs: what was told may be lost, since the connection was
   */
  look(silentMs: number): void {
    const since = performance.now() - silentMs;
    for (const followed of this.#followed.values()) {
      const { run, early } = followed;
      if (run.isOver || run.heardAt > since) continue;
      if (early === undefined) void this.#attach(followed);
      else followed.losses++;
    }
  }

  /** The runs of a partition are lost. */
  lose(base: string): void {
    for (const followed of [...this.#followed.values()]) if (followed.run.base === base) this.#lose(followed);
  }

  onRead(run: FollowedRun): void {
    if (run.isOver || this.#isClosed) return;
    let followed = this.#followed.get(run.key);
    if (followed === undefined) this.#followed.set(run.key, (followed = { run, losses: 0 }));
    clearTimeout(followed.timer);
    const { run: original } = followed;
    if (original !== run) {
      this.#copies.set(
        run,
        original.log.onPublished(() => run.copy(original)),
      );
      run.copy(original);
    } else if (followed.early === undefined) void this.#attach(followed);
  }

  onUnread(run: FollowedRun): void {
    this.#copies.get(run)?.();
    this.#copies.delete(run);
    const followed = this.#followed.get(run.key);
    if (followed?.run !== run) return;
    clearTimeout(followed.timer);
    if (run.isOver) {
      this.#forget(followed);
      return;
    }
    followed.timer = setTimeout(() => this.#leave(followed), LINGER_MS);
    followed.timer.unref();
  }

  close(): void {
    this.#isClosed = true;
    for (const { timer } of this.#followed.values()) clearTimeout(timer);
    this.#followed.clear();
  }

  async #attach(followed: Following): Promise<void> {
    const { run } = followed;
    followed.early = [];
    const { losses } = followed;
    let record: RunRecord | undefined;
    try {
      record = toRecord(await this.#calls.read(ATTACH, run.base, [run.key, this.#node]), run.key, this.#signer);
    } catch {
      // The outage is reported once, by whoever writes.
      followed.early = undefined;
      this.#again(followed);
      return;
    }
    const { early } = followed;
    followed.early = undefined;
    if (this.#followed.get(run.key) !== followed) return;
    if (record === undefined) {
      this.#lose(followed);
      return;
    }
    if (!this.#update(followed, record)) return;
    for (const entries of early) this.#take(followed, entries);
    if (followed.losses > losses) void this.#attach(followed);
  }

  #again(followed: Following): void {
    if (this.#followed.get(followed.run.key) !== followed || followed.run.log.readers === 0) return;
    followed.timer = setTimeout(() => void this.#attach(followed), RETRY_MS);
    followed.timer.unref();
  }

  /** @returns whether the run can still be read */
  #update(followed: Following, record: RunRecord): boolean {
    if (followed.run.update(record)) return true;
    this.#lose(followed);
    return false;
  }

  #take(followed: Following, entries: NewEntries): void {
    const result = followed.run.take(entries);
    if (result === 'lost') this.#lose(followed);
    else if (result === 'gap' && followed.early === undefined) void this.#attach(followed);
  }

  #lose(followed: Following): void {
    const { run } = followed;
    this.#forget(followed);
    const copies = [...this.#copies.keys()].filter(({ key }) => key === run.key);
    for (const lost of [run, ...copies]) this.#onLost(lost);
  }

  #leave(followed: Following): void {
    const { run } = followed;
    this.#forget(followed);
    if (!run.isOver) this.#calls.read(DETACH, run.base, [run.key, this.#node]).catch(() => undefined);
  }

  #forget(followed: Following): void {
    clearTimeout(followed.timer);
    if (this.#followed.get(followed.run.key) === followed) this.#followed.delete(followed.run.key);
  }
}
