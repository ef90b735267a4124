import type { LedgerEntry, LedgerKey, ToolLedger } from '../../tool/tool-ledger.js';

/** A tool ledger in memory, kept as long as the process lives. */
export class MemoryToolLedger implements ToolLedger {
  readonly #runs = new Map<string, Map<string, LedgerEntry>>();

  begin({ runKey, toolCallId }: LedgerKey): LedgerEntry | undefined {
    let calls = this.#runs.get(runKey);
    if (calls === undefined) this.#runs.set(runKey, (calls = new Map<string, LedgerEntry>()));
    const known = calls.get(toolCallId);
    if (known === undefined) calls.set(toolCallId, 'started');
    return known;
  }

  settle({ runKey, toolCallId }: LedgerKey): void {
    this.#runs.get(runKey)?.set(toolCallId, 'settled');
  }

  forget(runKey: string): void {
    this.#runs.delete(runKey);
  }
}
