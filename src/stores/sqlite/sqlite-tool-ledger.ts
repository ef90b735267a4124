import type { LedgerEntry, LedgerKey, ToolLedger } from '../../tool/tool-ledger.js';
import type { Database } from './database.js';
import { toSql } from './sql-text.js';
import type { Write, WriteQueue } from './write-queue.js';

/** Memory that a waiting entry takes, in bytes. */
const ENTRY_BYTES = 200;

/** Records in a database which tool calls were started. The record is committed before the call is made. */
export class SqliteToolLedger implements ToolLedger {
  readonly #queue: WriteQueue;

  constructor(queue: WriteQueue) {
    this.#queue = queue;
  }

  begin(key: LedgerKey): LedgerEntry | undefined {
    const claim = new ClaimWrite(key);
    this.#queue.pushNow(claim);
    return claim.known;
  }

  settle({ runKey, toolCallId }: LedgerKey): void {
    this.#queue.push({
      bytes: ENTRY_BYTES,
      apply: (database) =>
        database.run(
          'UPDATE tool_calls SET settled = 1 WHERE run_key = ? AND tool_call_id = ?',
          toSql(runKey),
          toSql(toolCallId),
        ),
    });
  }

  forget(runKey: string): void {
    this.#queue.push({
      bytes: ENTRY_BYTES,
      apply: (database) => database.run('DELETE FROM tool_calls WHERE run_key = ?', toSql(runKey)),
    });
  }
}

/** Reads and claims in one transaction, after all earlier writes. */
class ClaimWrite implements Write {
  readonly bytes = ENTRY_BYTES;
  readonly standsAlone = true;
  known: LedgerEntry | undefined;
  readonly #key: LedgerKey;

  constructor(key: LedgerKey) {
    this.#key = key;
  }

  apply(database: Database): void {
    const [runKey, toolCallId] = [toSql(this.#key.runKey), toSql(this.#key.toolCallId)];
    const row = database.get(
      'SELECT settled FROM tool_calls WHERE run_key = ? AND tool_call_id = ?',
      runKey,
      toolCallId,
    );
    if (row !== undefined) this.known = row['settled'] === 1 ? 'settled' : 'started';
    else database.run('INSERT INTO tool_calls (run_key, tool_call_id) VALUES (?, ?)', runKey, toolCallId);
  }
}
