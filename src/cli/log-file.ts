import { closeSync, existsSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { PRIVATE_FILE, restrictFile } from '../stores/private-file.js';
import { LineBuffer, type LineEvents } from './line-buffer.js';

/**
 * A file that lines are added to, readable for its owner alone. Lines are written together: see {@link LineBuffer}. A
 * full disk costs no memory.
 */
export class LogFile {
  readonly #path: string;
  readonly #lines: LineBuffer;
  #file: number;
  /** Whether a line in the file was cut off. */
  #isTorn = false;

  /** @throws if the file cannot be opened. */
  constructor(path: string, events: LineEvents) {
    this.#path = path;
    this.#lines = new LineBuffer((lines) => this.#append(Buffer.from(lines.join(''))), events);
    makeDirectory(dirname(path));
    this.#file = open(path);
  }

  /** Adds a line, which ends with a line break. */
  write(line: string): void {
    this.#lines.write(line);
  }

  /** Hands all lines to the operating system. */
  flush(): void {
    this.#lines.flush();
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
