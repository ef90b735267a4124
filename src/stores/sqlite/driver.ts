/** What SQLite takes and gives. */
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

/** What `node:sqlite` and its double outside Node have in common, as far as it is used here. */
export interface Driver {
  readonly DatabaseSync: new (path: string) => DriverConnection;
}

/**
 * SQLite of Node itself, or else the optional package.
 * @throws where neither is there.
 */
export async function loadDriver(): Promise<Driver> {
  // Not an import: bundlers cut the `node:` off, and older versions of Node have no such module.
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
