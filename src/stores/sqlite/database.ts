import { PLAIN, type Content } from './content.js';
import type { DriverConnection, DriverStatement, SqlValue } from './driver.js';

/** One row of a result. */
export type Row = Readonly<Record<string, SqlValue>>;

/** The locking mode takes effect at the next access to the file. */
const UNLOCK = 'PRAGMA locking_mode = NORMAL; SELECT count(*) FROM sqlite_master';

/** A connection that prepares each statement once. */
export class Database {
  readonly #connection: DriverConnection;
  readonly #statements = new Map<string, DriverStatement>();
  #closed = false;
  /** How content is written; set when the database is opened. */
  content: Content = PLAIN;

  constructor(connection: DriverConnection) {
    this.#connection = connection;
  }

  /** Executes several statements without values. */
  exec(sql: string): void {
    this.#connection.exec(sql);
  }

  run(sql: string, ...values: SqlValue[]): void {
    this.#prepare(sql).run(...values);
  }

  get(sql: string, ...values: SqlValue[]): Row | undefined {
    return this.#prepare(sql).get(...values) as Row | undefined;
  }

  all(sql: string, ...values: SqlValue[]): Row[] {
    return this.#prepare(sql).all(...values) as Row[];
  }

  /** Yields row by row, so that a reader may stop early. */
  iterate(sql: string, ...values: SqlValue[]): Iterable<Row> {
    return this.#prepare(sql).iterate(...values) as Iterable<Row>;
  }

  /** A result of one number; `null` counts as 0. */
  number(sql: string, ...values: SqlValue[]): number {
    const row = this.get(sql, ...values);
    return row === undefined ? 0 : Number(Object.values(row)[0] ?? 0);
  }

  /** Executes all of `work` or none of it. */
  transaction(work: () => void): void {
    this.run('BEGIN IMMEDIATE');
    try {
      work();
      this.run('COMMIT');
    } catch (error) {
      this.#tryTo('ROLLBACK');
      throw error;
    }
  }

  /** Within a transaction: executes all of `work` or none of it. */
  savepoint(work: () => void): void {
    this.run('SAVEPOINT work');
    try {
      work();
    } catch (error) {
      this.#tryTo('ROLLBACK TO work');
      throw error;
    } finally {
      this.#tryTo('RELEASE work');
    }
  }

  /**
   * Moves everything into the one file and unlocks it. Closing alone is not enough with the driver of the package,
   * since its connection keeps the locks until its statements are garbage-collected.
   */
  close(): void {
    this.#release('PRAGMA journal_mode = DELETE', UNLOCK);
  }

  /** Unlocks a file of another application without changing it. */
  abandon(): void {
    this.#release(UNLOCK);
  }

  #release(...lastWords: string[]): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const sql of lastWords) {
      try {
        this.#connection.exec(sql);
      } catch {
        // Committed data that cannot be moved stays in the second file and is found there.
      }
    }
    this.#connection.close();
  }

  /** SQLite may have rolled back by itself: what would end a transaction is an error then. */
  #tryTo(end: string): void {
    try {
      this.run(end);
    } catch {
      // Nothing was left to end.
    }
  }

  #prepare(sql: string): DriverStatement {
    if (this.#closed) throw new Error('The store is closed');
    let statement = this.#statements.get(sql);
    if (statement === undefined) this.#statements.set(sql, (statement = this.#connection.prepare(sql)));
    return statement;
  }
}
