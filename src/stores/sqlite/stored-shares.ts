import type { Database } from './database.js';
import type { SqlValue } from './driver.js';

/** What is shared among owners: bytes of conversations, bytes of logs of ended runs, remembered ids. */
export type ShareKind = 'conversations' | 'logs' | 'ids';

const ADD = 'ON CONFLICT DO UPDATE SET amount = amount + excluded.amount';

/**
 * How much of something each owner holds, or each name under which owners count together. Kept in the database, so that a transaction that fails takes its changes back,
 * and any number of owners needs no memory. Owners are given as `toSql` writes them.
 */
export class StoredShares {
  readonly #database: Database;
  readonly #kind: ShareKind;

  constructor(database: Database, kind: ShareKind) {
    this.#database = database;
    this.#kind = kind;
  }

  /** What all owners hold. */
  get total(): number {
    return this.#database.number('SELECT amount FROM totals WHERE kind = ?', this.#kind);
  }

  /** The owner that holds most; `undefined` if nobody holds anything. */
  get largest(): SqlValue | undefined {
    const sql = 'SELECT owner FROM shares WHERE kind = ? ORDER BY amount DESC LIMIT 1';
    return this.#database.get(sql, this.#kind)?.['owner'];
  }

  /** What an owner holds. */
  of(owner: SqlValue): number {
    return this.#database.number('SELECT amount FROM shares WHERE kind = ? AND owner = ?', this.#kind, owner);
  }

  /** Adds to what an owner holds. */
  add(owner: SqlValue, amount: number): void {
    const [database, kind] = [this.#database, this.#kind];
    database.run(`INSERT INTO shares VALUES (?, ?, ?) ${ADD}`, kind, owner, amount);
    database.run(`INSERT INTO totals VALUES (?, ?) ${ADD}`, kind, amount);
    if (amount < 0) database.run('DELETE FROM shares WHERE kind = ? AND owner = ? AND amount <= 0', kind, owner);
  }

  /** Lets an owner hold nothing. */
  clear(owner: SqlValue): void {
    this.add(owner, -this.of(owner));
  }
}
