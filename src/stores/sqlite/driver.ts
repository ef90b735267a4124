/** Values that SQLite accepts and returns. */
export type SqlValue = string | number | null | Uint8Array;

/** A prepared statement. */
export interface DriverStatement {
  run(...values: SqlValue[]): unknown;
  get(...values: SqlValue[]): unknown;
  all(...values: SqlValue[]): unknown[];
  iterate(...values: SqlValue[]): Iterable<unknown>;
}

/** An open database. */
export interface DriverConnection {
  exec(sql: string): void;
  prepare(sql: string): DriverStatement;
  close(): void;
}

/** The common part of `node:sqlite` and its copy outside of Node. */
export interface Driver {
  readonly DatabaseSync: new (path: string) => DriverConnection;
  /** Copies an open database in steps of `rate` pages, while it is written. Absent in Node before 22.16. */
  backup?(source: DriverConnection, path: string, options: { rate: number }): Promise<unknown>;
}

/**
 * Loads Node's own SQLite, or else the optional package.
 * @throws if neither is available.
 */
export async function loadDriver(): Promise<Driver> {
  // Not an import, since bundlers cut off the `node:`, and older versions of Node do not have the module.
  const builtIn = process.getBuiltinModule('node:sqlite');
  if (isDriver(builtIn)) return builtIn;
  try {
    return await import('@photostructure/sqlite');
  } catch (cause) {
    throw new Error(
      `Node ${process.versions.node} has no node:sqlite: run "npm install @photostructure/sqlite", or use Node 22.13 or later`,
      { cause },
    );
  }
}

function isDriver(module: unknown): module is Driver {
  return typeof module === 'object' && module !== null && 'DatabaseSync' in module;
}
