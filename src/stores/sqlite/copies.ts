import { renameSync, rmSync } from 'node:fs';
import { createPrivateFile } from '../private-file.js';
import type { OpenDatabase } from './open-database.js';
import { checkCopy, partOf } from './own-files.js';

/** Copies of an open database, made one after the other: two at once would write to the same file. */
export class Copies {
  readonly #source: Pick<OpenDatabase, 'path' | 'backup'>;
  readonly #flush: () => void;
  #last: Promise<void> | undefined;

  /** @param flush - commits what waits to be written; throws if the store is closed */
  constructor(source: Pick<OpenDatabase, 'path' | 'backup'>, flush: () => void) {
    this.#source = source;
    this.#flush = flush;
  }

  /** Resolves when no copy is being made any more; `undefined` if none is. */
  get inProgress(): Promise<void> | undefined {
    return this.#last;
  }

  async make(path: string): Promise<void> {
    const copied = this.#last === undefined ? this.#copy(path) : this.#last.then(() => this.#copy(path));
    const settled = copied.catch(() => undefined);
    this.#last = settled;
    try {
      await copied;
    } finally {
      if (this.#last === settled) this.#last = undefined;
    }
  }

  async #copy(path: string): Promise<void> {
    this.#flush();
    checkCopy(this.#source.path, path);
    const part = partOf(path);
    rmSync(part, { force: true });
    createPrivateFile(part);
    await this.#source.backup(part);
    renameSync(part, path);
  }
}
