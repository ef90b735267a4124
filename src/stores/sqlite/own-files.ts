import { realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';

/** What SQLite adds to the name of a database for the files beside it. */
const BESIDE = ['', '-wal', '-shm', '-journal'];

/**
 * Checks that a copy of a database can be made without writing to the database itself: to the file, whatever name leads
 * to it, and to the files beside it.
 * @param copy - the path of the copy, which has another name until it is whole
 * @throws an `Error` that names the copy.
 */
export function checkCopy(database: string, copy: string): void {
  const own = BESIDE.map((suffix) => placeOf(database) + suffix);
  for (const target of [copy, partOf(copy)]) {
    if (own.some((file) => file === placeOf(target) || isOneFile(file, target))) {
      throw new Error(`"${copy}" would replace the database, and must have another name`);
    }
  }
}

/** The name of a copy until it is whole. */
export function partOf(copy: string): string {
  return `${copy}.part`;
}

/** The path without links, also of a file that is not there yet. */
function placeOf(path: string): string {
  for (const real of [() => realpathSync(path), () => join(realpathSync(dirname(path)), basename(path))]) {
    try {
      return real();
    } catch {
      // The file is not there, or its directory.
    }
  }
  return resolve(path);
}

/** Two names may lead to one file. */
function isOneFile(one: string, other: string): boolean {
  const [a, b] = [one, other].map((path) => statSync(path, { bigint: true, throwIfNoEntry: false }));
  return a !== undefined && b !== undefined && a.dev === b.dev && a.ino === b.ino;
}
