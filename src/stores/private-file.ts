import { chmodSync, closeSync, openSync, statSync } from 'node:fs';

/** Access for the owner of a file alone. */
export const PRIVATE_FILE = 0o600;

/** Creates a file that only its owner can read, if there is none. What prevents it is reported by whoever opens it. */
export function createPrivateFile(path: string): void {
  try {
    closeSync(openSync(path, 'wx', PRIVATE_FILE));
  } catch {
    // The file exists, or it cannot be created.
  }
}

/**
 * Leaves a file to its owner if everybody can read it, as files that were created under the usual umask. A file for a
 * group stays as it is, since somebody has chosen that.
 */
export function restrictFile(path: string): void {
  try {
    const stats = statSync(path);
    if (stats.isFile() && (stats.mode & 0o007) !== 0) chmodSync(path, PRIVATE_FILE);
  } catch {
    // The file is not there, or belongs to somebody else.
  }
}
