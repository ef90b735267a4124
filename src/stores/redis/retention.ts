import type { Logger } from '../../runtime/logger.js';
import { hashOf, partitionOf, type Keys } from './keys.js';
import { PARTITIONS } from './partitions.js';
import type { RedisCalls } from './redis-calls.js';
import { RedisShares } from './redis-shares.js';
import { DROP_LOG, FORGET_ID, RETAIN } from './scripts/retain.js';

/** Bytes that a run takes besides its log. */
const RUN_BYTES = 1_000;
/** How long one node deletes while others do not, in milliseconds. */
const LOCK_MS = 10_000;

/** What is kept of ended runs. */
export interface RetentionSettings {
  readonly retainMs: number;
  readonly maxRetainedBytes: number;
  readonly rememberIdsMs: number;
  readonly maxRememberedIds: number;
  /**
   * The time of day, as Unix milliseconds.
   * @default that of Redis
   */
  readonly clock?: (() => number) | undefined;
}

/** What an ended run counts as, `<run>:<payer>:<owner>`, as the scripts name it. */
function memberOf(item: string): string {
  return item.slice(item.indexOf(':') + 1);
}

/** Deletes the logs of runs that ended, and later their ids. */
export class Retention {
  readonly #calls: RedisCalls;
  readonly #keys: Keys;
  readonly #node: string;
  readonly #settings: RetentionSettings;
  readonly #logs: RedisShares;
  readonly #ids: RedisShares;

  constructor(calls: RedisCalls, keys: Keys, node: string, settings: RetentionSettings, logger: Logger) {
    this.#calls = calls;
    this.#keys = keys;
    this.#node = node;
    this.#settings = settings;
    const { connection } = calls;
    const { maxRetainedBytes, maxRememberedIds } = settings;
    this.#logs = new RedisShares({
      connection,
      base: keys.shared('logs:'),
      bounds: { all: maxRetainedBytes, ofPayer: Infinity },
      drop: (item) => this.#drop(item),
      logger,
    });
    this.#ids = new RedisShares({
      connection,
      base: keys.shared('ids:'),
      bounds: { all: maxRememberedIds, ofPayer: Infinity },
      drop: (item) => calls.write(FORGET_ID, this.#baseOf(item), [memberOf(item)]),
      logger,
    });
  }

  /** The arguments of the end of a run: time, and how long log and id are kept. */
  get endArgs(): readonly [clock: string, retainMs: string, rememberIdsMs: string] {
    const { retainMs, rememberIdsMs } = this.#settings;
    return [this.#now(), text(retainMs), text(rememberIdsMs)];
  }

  /** A run has ended. */
  onEnded(owner: string, key: string, payer: string, bytes: number): void {
    const item = `${partitionOf(owner)}:${key}:${payer}:${hashOf(owner)}`;
    this.#logs.charge(item, { payer, weight: RUN_BYTES + bytes, version: 1 });
  }

  /** Deletes what is over its time or over a bound. */
  async expire(): Promise<void> {
    const lock = this.#keys.shared('expiring');
    const { connection } = this.#calls;
    const isFree = await connection.send(lock, ['SET', lock, this.#node, 'NX', 'PX', `${LOCK_MS}`]);
    if (isFree === null) return;
    try {
      await this.#logs.settle();
      await this.#retain();
      await this.#logs.settle();
      await this.#ids.settle();
    } finally {
      await connection.send(lock, ['DEL', lock]);
    }
  }

  close(): void {
    this.#logs.close();
    this.#ids.close();
  }

  async #retain(): Promise<void> {
    const { retainMs, rememberIdsMs } = this.#settings;
    const bases = Array.from({ length: PARTITIONS }, (_, partition) => this.#keys.base(partition));
    // One Redis does all partitions in one call.
    const groups = this.#calls.connection.isCluster ? bases.map((base) => [base]) : [bases];
    const args = [this.#now(), text(retainMs), text(rememberIdsMs)];
    const answers = await Promise.all(
      groups.map((group) => this.#calls.write(RETAIN, group[0] ?? '', [...args, ...group])),
    );
    const found = (answers as (string[][][] | null)[]).flatMap((answer) => answer ?? [[]]);
    for (const [partition, [dropped = [], forgotten = []]] of found.entries()) {
      for (const member of dropped) this.#onDropped(`${partition}:${member}`);
      for (const member of forgotten) this.#ids.charge(`${partition}:${member}`, gone(member));
    }
  }

  #onDropped(item: string): void {
    const member = memberOf(item);
    this.#logs.charge(item, gone(member));
    this.#ids.charge(item, { payer: payerOf(member), weight: 1, version: 1 });
  }

  async #drop(item: string): Promise<void> {
    const wasThere = await this.#calls.write(DROP_LOG, this.#baseOf(item), [memberOf(item)]);
    if (wasThere === 1) this.#ids.charge(item, { payer: payerOf(memberOf(item)), weight: 1, version: 1 });
  }

  #baseOf(item: string): string {
    return this.#keys.base(Number.parseInt(item, 10));
  }

  #now(): string {
    const { clock } = this.#settings;
    return clock === undefined ? '' : `${clock()}`;
  }
}

function gone(member: string): { payer: string; weight: number; version: number } {
  return { payer: payerOf(member), weight: 0, version: 2 };
}

function payerOf(member: string): string {
  return member.split(':')[1] ?? '';
}

function text(ms: number): string {
  return ms === Infinity ? '' : `${ms}`;
}
