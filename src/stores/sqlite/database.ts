import type { DriverConnection, DriverStatement, SqlValue } from './driver.js';

/** One row of a result. */
export type Row = Readonly<Record<string, SqlValue>>;

/** The mode takes effect with the next look into the file. */
const UNLOCK = 'PRAGMA locking_mode = NORMAL; SELECT count(*) FROM sqlite_master';

/** A connection that prepares each statement once. */
export class Database {
  readonly #connection: DriverConnection;
  readonly #statements = new Map<string, DriverStatement>();
  #closed = false;

  constructor(connection: DriverConnection) {
    this.#connection = connection;
  }

  /** Several statements without values. */
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

  /** Row by row, for a reader that may stop early. */
  iterate(sql: string, ...values: SqlValue[]): Iterable<Row> {
    return this.#prepare(sql).iterate(...values) as Iterable<Row>;
  }

  /** A result of one number; `null` counts as 0. */
  number(sql: string, ...values: SqlValue[]): number {
    const row = this.get(sql, ...values);
    return row === undefined ? 0 : Number(Object.values(row)[0] ?? 0);
  }

  /** All of it or nothing. */
  transaction(work: () => void): void {
    this.run('BEGIN IMMEDIATE');
    try {
      work();
      this.run('COMMIT');
    } catch (error) {
      this.#rollBack();
      throw error;
    }
  }

  /**
   * Moves everything into the one file and gives it back. Closing alone is not enough where the driver is the package:
   * there a connection keeps its locks until its statements have been collected as garbage.
   */
  close(): void {
    this.#release('PRAGMA journal_mode = DELETE', UNLOCK);
  }

  /** Gives a file back that is somebody else's: as it is. */
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
        // What is committed and cannot be moved is found in the second file.
      }
    }
    this.#connection.close();
  }

  /** SQLite may have done so by itself, which is an error to its own ears. */
  #rollBack(): void {
    try {
      this.run('ROLLBACK');
    } catch {
      // Nothing was left to roll back.
    }
  }

  #prepare(sql: string): DriverStatement {
    if (this.#closed) throw new Error('The store is closed');
    let statement = this.#statements.get(sql);
    if (statement === undefined) this.#statements.set(sql, (statement = this.#connection.prepare(sql)));
    return statement;
  }
}
