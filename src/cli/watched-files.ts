import { readFileSync, unwatchFile, watchFile } from 'node:fs';
import type { Logger } from '../runtime/logger.js';

/** How often the files are looked at, in milliseconds. */
const LOOK_MS = 2_000;

/** What {@link WatchedFiles} takes. */
export interface WatchedFilesInit {
  /** What the files hold, as the log names it: `TLS certificate`. */
  readonly name: string;
  readonly paths: readonly string[];
  /** What is in use: the contents of the files, in the order of their paths. */
  readonly contents: readonly Buffer[];
  /** Uses new contents from now on, or throws if they cannot be used. */
  readonly use: (contents: readonly Buffer[]) => void;
}

/** Files that are read again when they change, without a restart. */
export class WatchedFiles {
  readonly #init: WatchedFilesInit;
  /** What was read last, whether it could be used or not; `undefined` if it could not be read. */
  #seen: readonly Buffer[] | undefined;
  #logger: Logger | undefined;
  #first: NodeJS.Timeout | undefined;

  constructor(init: WatchedFilesInit) {
    this.#init = init;
    this.#seen = init.contents;
  }

  /** Reads the files again whenever they change, until {@link unwatch}. */
  watch(logger: Logger): void {
    this.#logger = logger;
    for (const path of this.#init.paths) {
      // Looking at the file itself, not at events of its directory, also sees a symbolic link that leads elsewhere now.
      watchFile(path, { interval: LOOK_MS, persistent: false }, this.#changed);
    }
    // What changed before the watch knew the files is no change for it.
    this.#first = setTimeout(this.#changed, LOOK_MS).unref();
  }

  unwatch(): void {
    clearTimeout(this.#first);
    for (const path of this.#init.paths) unwatchFile(path, this.#changed);
  }

  /** Reads the files again. What cannot be used is logged, and what was read before stays in use. */
  reload(): void {
    const { name, use } = this.#init;
    this.#seen = undefined;
    try {
      this.#seen = this.#read();
      use(this.#seen);
    } catch (error) {
      this.#logger?.error({ err: error }, `The new ${name} cannot be used; the old one stays in use`);
      return;
    }
    this.#logger?.info({}, `The ${name} was read again`);
  }

  readonly #changed = (): void => {
    if (!this.#isSeen()) this.reload();
  };

  #read(): readonly Buffer[] {
    return this.#init.paths.map((path) => readFileSync(path));
  }

  /** Whether the files hold what was read last: the second of two changes may have been read with the first. */
  #isSeen(): boolean {
    try {
      return this.#read().every((content, index) => this.#seen?.[index]?.equals(content));
    } catch {
      return this.#seen === undefined;
    }
  }
}
