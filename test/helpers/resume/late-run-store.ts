import {
  type Claim,
  type RunEntry,
  type RunLog,
  type RunMeta,
  type StoredRun,
  type WireEntry,
} from '../../../src/index.js';
import { MemoryRunStore } from '../../../src/stores/memory/memory-run-store.js';
import type { Random } from '../../../src/testing/index.js';

/**
 * A store like a slow database: entries are published some turns of the event loop after they were written, several at
 * once, and reads take a while.
 */
export class LateRunStore extends MemoryRunStore {
  readonly #random: Random;
  readonly #logs = new Map<string, LateRunLog>();

  constructor(random: Random) {
    super();
    this.#random = random;
  }

  override create(meta: RunMeta): Claim {
    const claim = super.create(meta);
    if (claim.status === 'existing') return { ...claim, run: this.#late(claim.run) };
    if (claim.status !== 'created') return claim;
    const log = new LateRunLog(claim.log, this.#random);
    this.#logs.set(keyOf(meta), log);
    return { ...claim, log };
  }

  override open(owner: string, id: string): StoredRun | undefined {
    const run = super.open(owner, id);
    return run === undefined ? undefined : this.#late(run);
  }

  override list(owner: string, limit: number): StoredRun[] {
    return super.list(owner, limit).map((run) => this.#late(run));
  }

  #late(run: StoredRun): StoredRun {
    return { ...run, log: this.#logs.get(keyOf(run.meta)) ?? run.log };
  }
}

function keyOf({ owner, id }: RunMeta): string {
  return `${id} ${owner}`;
}

class LateRunLog implements RunLog {
  readonly #log: RunLog;
  readonly #random: Random;
  #waiting: RunEntry[] = [];

  constructor(log: RunLog, random: Random) {
    this.#log = log;
    this.#random = random;
  }

  get published(): number {
    return this.#log.published;
  }

  /** The newest `seq`, published or not. */
  get head(): number {
    return this.#waiting.at(-1)?.seq ?? this.#log.published;
  }

  get bytes(): number {
    return this.#log.bytes;
  }

  append(entry: RunEntry): void {
    this.#waiting.push(entry);
    if (this.#waiting.length === 1) void turns(this.#random.int(1, 4)).then(() => this.#publish());
  }

  read(after: number): readonly WireEntry[] | Promise<readonly WireEntry[]> {
    return this.#random.chance(0.3) ? this.#log.read(after) : this.#readLate(after);
  }

  onPublished(wake: () => void): () => void {
    return this.#log.onPublished(wake);
  }

  #publish(): void {
    const entries = this.#waiting;
    this.#waiting = [];
    for (const entry of entries) this.#log.append(entry);
  }

  async #readLate(after: number): Promise<readonly WireEntry[]> {
    // A slow database may return the entries of the call or those of the answer.
    const early = this.#random.chance(0.5) ? this.#log.read(after) : undefined;
    await turns(this.#random.int(0, 3));
    return early ?? this.#log.read(after);
  }
}

/** Waits for `count` turns of the event loop. */
export async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
}
