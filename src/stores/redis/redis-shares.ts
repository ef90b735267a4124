import type { Logger } from '../../runtime/logger.js';
import type { Keys } from './keys.js';
import type { RedisConnection } from './redis-client.js';
import { CHARGE_SHARES } from './scripts/charge-shares.js';
import { DROP_CONVERSATION } from './scripts/conversations.js';

/** Maximum number of items that one call charges. */
const MAX_CHARGED = 100;
/** Pause before charges that failed are made again, in milliseconds. */
const RETRY_MS = 1_000;

/** What an item takes. */
export interface Charge {
  /** Under which name it counts. */
  readonly payer: string;
  /** 0 for an item that is gone. */
  readonly weight: number;
  /** Of two charges of an item, the one with the higher version counts. */
  readonly version: number;
}

/** Bounds on what payers hold. */
export interface ShareBounds {
  readonly all: number;
  readonly ofPayer: number;
}

/** What {@link RedisShares} takes. */
export interface RedisSharesInit {
  readonly connection: RedisConnection;
  /** What the keys begin with. */
  readonly base: string;
  readonly bounds: ShareBounds;
  /** Deletes the data of an item, unless it was written again since the version. */
  readonly drop: (item: string, version: string) => Promise<unknown>;
  readonly logger: Logger;
}

/**
 * What payers hold of a bound that the data of all partitions shares. It is counted apart from the data, a moment after it
 * was written, since no script reaches two partitions. A charge says what an item takes now, so it may be repeated, and
 * one that is lost is made good by the next.
 */
export class RedisShares {
  bounds: ShareBounds;
  readonly #init: RedisSharesInit;
  readonly #waiting = new Map<string, Charge>();
  /** Removed items whose data is deleted, as they were told. */
  #deleted: string[] = [];
  #settling: Promise<void> | undefined;
  #retry: NodeJS.Timeout | undefined;

  constructor(init: RedisSharesInit) {
    this.#init = init;
    this.bounds = init.bounds;
  }

  /** Says what an item takes, and removes soon what exceeds the bounds. */
  charge(item: string, charge: Charge): void {
    const { version } = this.#waiting.get(item) ?? charge;
    if (charge.version < version) return;
    // Deleted first, so that the charges are made in the order of the writes.
    this.#waiting.delete(item);
    this.#waiting.set(item, charge);
    void this.settle();
  }

  /** Resolves when nothing exceeds the bounds; also if that cannot be reached at present. */
  settle(): Promise<void> {
    if (this.#waiting.size === 0 || this.#retry !== undefined) return this.#settling ?? Promise.resolve();
    this.#settling ??= this.#settle().finally(() => (this.#settling = undefined));
    return this.#settling;
  }

  close(): void {
    clearTimeout(this.#retry);
  }

  async #settle(): Promise<void> {
    // What is written in one turn is charged in one call.
    await Promise.resolve();
    try {
      for (let isMore = true; isMore || this.#waiting.size > 0;) isMore = await this.#chargeSome();
    } catch (error) {
      this.#init.logger.debug({ err: error }, 'What the data in Redis takes could not be counted');
      this.#retry = setTimeout(() => {
        this.#retry = undefined;
        void this.settle();
      }, RETRY_MS);
      this.#retry.unref();
    }
  }

  /** Returns whether more may exceed the bounds. */
  async #chargeSome(): Promise<boolean> {
    const { connection, base, drop } = this.#init;
    const { all, ofPayer } = this.bounds;
    const charges = [...this.#waiting].slice(0, MAX_CHARGED);
    for (const [item] of charges) this.#waiting.delete(item);
    const deleted = this.#deleted;
    const items = charges.flatMap(([item, { payer, weight, version }]) => [item, payer, `${weight}`, `${version}`]);
    let victims: string[];
    try {
      const args = [luaNumber(all), luaNumber(ofPayer), `${deleted.length}`, ...deleted, ...items];
      victims = (await CHARGE_SHARES.run(connection, base, args)) as string[];
    } catch (error) {
      for (const [item, charge] of charges) if (!this.#waiting.has(item)) this.#waiting.set(item, charge);
      throw error;
    }
    this.#deleted = [];
    await Promise.all(
      victims.map(async (victim) => {
        const [item = '', version = ''] = victim.split(' ');
        await drop(item, version);
        this.#deleted.push(victim);
      }),
    );
    return victims.length >= MAX_CHARGED;
  }
}

/** What {@link conversationShares} takes. */
export interface ConversationSharesInit extends Pick<RedisSharesInit, 'connection' | 'logger'> {
  readonly keys: Keys;
  readonly maxConversationBytes: number;
  readonly maxOwnerConversationBytes?: number | undefined;
}

/** The bytes of conversations. */
export function conversationShares(init: ConversationSharesInit): RedisShares {
  const { connection, keys, logger, maxConversationBytes: all, maxOwnerConversationBytes: ofPayer = all } = init;
  const drop = (item: string, version: string) => {
    const [partition, conversation = ''] = item.split(':');
    return DROP_CONVERSATION.run(connection, keys.base(Number(partition)), [conversation, version]);
  };
  return new RedisShares({ connection, base: keys.shared('conversations:'), bounds: { all, ofPayer }, drop, logger });
}

/** What Lua reads as this number. */
function luaNumber(value: number): string {
  return value === Infinity ? '1e300' : `${value}`;
}
