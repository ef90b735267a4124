import { randomUUID } from 'node:crypto';
import type { LedgerEntry, LedgerKey, ToolLedger } from '../../tool/tool-ledger.js';
import { hashOf, runHash, type Keys } from './keys.js';
import type { RedisCalls } from './redis-calls.js';
import { BEGIN_TOOL, FORGET_TOOLS, SETTLE_TOOL } from './scripts/tools.js';

/** Tool calls in Redis, beside the runs that made them. A node that does not execute the run begins none. */
export class RedisToolLedger implements ToolLedger {
  readonly #calls: RedisCalls;
  readonly #keys: Keys;
  readonly #node: string;

  constructor(calls: RedisCalls, keys: Keys, node: string) {
    this.#calls = calls;
    this.#keys = keys;
    this.#node = node;
  }

  /** @throws if another node executes the run */
  async begin({ runKey, toolCallId }: LedgerKey): Promise<LedgerEntry | undefined> {
    const { base, key } = this.#placeOf(runKey);
    const args = [key, this.#node, JSON.stringify(toolCallId), randomUUID()];
    const known = await this.#calls.write(BEGIN_TOOL, base, args);
    if (known === 'fenced') throw new Error('Another node executes the run');
    return known === 'new' ? undefined : (known as LedgerEntry);
  }

  async settle({ runKey, toolCallId }: LedgerKey): Promise<void> {
    const { base, key } = this.#placeOf(runKey);
    await this.#calls.write(SETTLE_TOOL, base, [key, JSON.stringify(toolCallId)]);
  }

  async forget(runKey: string): Promise<void> {
    const { base, key } = this.#placeOf(runKey);
    await this.#calls.write(FORGET_TOOLS, base, [key]);
  }

  /** A key of `runKey` is an id, a space and an owner. */
  #placeOf(key: string): { readonly base: string; readonly key: string } {
    const space = key.indexOf(' ');
    const owner = space < 0 ? '' : key.slice(space + 1);
    return {
      base: this.#keys.baseOf(owner),
      key: space < 0 ? hashOf(key) : runHash(owner, key.slice(0, space)),
    };
  }
}
