import type { Awaitable } from '../runtime/awaitable.js';

/** Identifies one tool call forever: `runKey` has owner and run, `toolCallId` the call within the run. */
export interface LedgerKey {
  readonly runKey: string;
  readonly toolCallId: string;
}

/** The state of a call that was begun before. */
export type LedgerEntry = 'started' | 'settled';

/**
 * Remembers which tool calls were started, so that none is executed twice. A durable ledger has committed the entry
 * when `begin` returns: only then is the tool executed.
 */
export interface ToolLedger {
  /**
   * Claims a call. `undefined` if the call is new and may be executed; otherwise its state, and it must not be
   * executed. If `begin` throws or rejects, the tool is not executed and the call has failed.
   */
  begin(key: LedgerKey): Awaitable<LedgerEntry | undefined>;
  /**
   * Records that the outcome of the call is known. If it throws or rejects, the error is logged and the outcome stays.
   */
  settle(key: LedgerKey): Awaitable<void>;
  /** Deletes the entries of a run that can never be executed again. If it throws or rejects, the error is logged. */
  forget(runKey: string): Awaitable<void>;
}
