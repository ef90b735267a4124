import { closeSync, existsSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { PRIVATE_FILE, restrictFile } from '../stores/private-file.js';

/** How long a line waits at most, in milliseconds. */
const FLUSH_MS = 100;
/** Length of the waiting lines at which they are written at once, in UTF-16 units. */
const FLUSH_LENGTH = 65_536;

/** What {@link LogFile} tells. */
export interface LogFileEvents {
  /** The file cannot be written. Called once for each outage. */
  readonly onFailed: (error: unknown) => void;
  /** The file can be written again. */
  readonly onRecovered: (dropped: number) => void;
}

/**
 * A file that lines are added to, readable for its owner alone. Lines are written together, at most 100 ms later, and in
 * order. Lines that cannot be written are dropped and counted, so that a full disk costs no memory.
 */
export class LogFile {
  readonly #path: string;
  readonly #events: LogFileEvents;
  #file: number;
  #waiting: string[] = [];
  #length = 0;
  #timer: NodeJS.Timeout | undefined;
  /** Lines that were dropped since the file could be written. */
  #dropped = 0;
  /** Whether a line in the file was cut off. */
  #isTorn = false;

  /** @throws if the file cannot be opened. */
  constructor(path: string, events: LogFileEvents) {
    this.#path = path;
    this.#events = events;
    makeDirectory(dirname(path));
    this.#file = open(path);
  }

  /** Adds a line, which ends with a line break. */
  write(line: string): void {
    this.#waiting.push(line);
    this.#length += line.length;
    if (this.#length >= FLUSH_LENGTH) this.flush();
    else {
      this.#timer ??= setTimeout(() => this.flush(), FLUSH_MS);
      this.#timer.unref();
    }
  }

  /** Hands all lines to the operating system. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const lines = this.#waiting;
    if (lines.length === 0) return;
    this.#waiting = [];
    this.#length = 0;
    const dropped = this.#dropped;
    try {
      this.#append(Buffer.from(lines.join('')));
      this.#dropped = 0;
    } catch (error) {
      this.#dropped += lines.length;
      if (dropped === 0) this.#events.onFailed(error);
      return;
    }
    if (dropped > 0) this.#events.onRecovered(dropped);
  }

  /**
   * Opens the file again after log rotation has moved it.
   * @throws if that is not possible; the old file stays in use.
   */
  reopen(): void {
    this.flush();
    const file = open(this.#path);
    closeSync(this.#file);
    this.#file = file;
    this.#isTorn = false;
  }

  #append(bytes: Buffer): void {
    const text = this.#isTorn ? Buffer.concat([Buffer.from('\n'), bytes]) : bytes;
    for (let written = 0; written < text.length;) {
      written += writeSync(this.#file, text, written);
      this.#isTorn = text[written - 1] !== LINE_BREAK;
    }
  }
}

const LINE_BREAK = 10;

function open(path: string): number {
  const file = openSync(path, 'a', PRIVATE_FILE);
  restrictFile(path);
  return file;
}

/** Node's recursive `mkdir` never returns if a directory cannot be created, as in /proc. */
function makeDirectory(path: string): void {
  if (existsSync(path)) return;
  makeDirectory(dirname(path));
  mkdirSync(path, PRIVATE_DIRECTORY);
}

const PRIVATE_DIRECTORY = 0o700;
