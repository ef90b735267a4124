import type { Awaitable } from '../runtime/awaitable.js';

/** One tool call, for ever: `runKey` tells owner and run, `toolCallId` the call within it. */
export interface LedgerKey {
  readonly runKey: string;
  readonly toolCallId: string;
}

/** What the ledger knows of a call that is asked for again. */
export type LedgerEntry = 'started' | 'settled';

/**
 * Remembers which tool calls were started, so that none runs twice. A durable ledger has committed
 * the entry when `begin` returns: only then is the tool executed.
 */
export interface ToolLedger {
  /**
   * Claims a call. `undefined` where it is new: execute it. Otherwise what is known of it: do not. Where it throws or
   * rejects, the tool is not executed and the call has failed.
   */
  begin(key: LedgerKey): Awaitable<LedgerEntry | undefined>;
  /** Records that the outcome of the call is known. What it throws or rejects with is logged; the outcome stands. */
  settle(key: LedgerKey): Awaitable<void>;
  /** Drops the entries of a run whose id can never be executed again. What it throws or rejects with is logged. */
  forget(runKey: string): Awaitable<void>;
}
