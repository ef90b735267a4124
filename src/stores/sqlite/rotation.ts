import type { Logger } from '../../runtime/logger.js';
import { keyIdIn } from '../encryption.js';
import { keyOfText } from './content.js';
import type { Database, Row } from './database.js';
import { fromSql } from './sql-text.js';

/** Maximum time of one step, during which nothing else runs, in milliseconds. */
const STEP_MS = 5;
/** Pause before the next step, in milliseconds. */
const PAUSE_MS = 20;
/** Pause after a step that failed, in milliseconds. */
const RETRY_MS = 10_000;
/** How often the progress is logged, in milliseconds. */
const REPORT_MS = 10_000;

/** A table with content. */
interface Part {
  readonly table: string;
  /** The primary key, in whose order the rows are read. */
  readonly key: readonly [string] | readonly [string, string];
  /** The column by which the keys of the content are derived. */
  readonly group: string;
  readonly texts?: readonly string[];
  /** Rows of one query. */
  readonly rows: number;
  /** The place of a value within its group; by default, the name of the column. */
  readonly field?: (row: Row) => string | number;
}

const PARTS: readonly Part[] = [
  { table: 'runs', key: ['n'], group: 'n', texts: ['request_hash', 'checkpoint'], rows: 50 },
  { table: 'entries', key: ['run', 'seq'], group: 'run', texts: ['body'], rows: 50, field: ({ seq }) => Number(seq) },
  { table: 'drafts', key: ['n'], group: 'run', texts: ['text'], rows: 50, field: ({ n }) => Number(n) },
  { table: 'conversations', key: ['n'], group: 'n', texts: ['title', 'metadata'], rows: 50 },
  { table: 'messages', key: ['n'], group: 'conversation', texts: ['body'], rows: 20, field: ({ id }) => fromSql(id) },
  {
    table: 'room_events',
    key: ['room', 'seq'],
    group: 'room',
    texts: ['body'],
    rows: 50,
    field: ({ seq }) => Number(seq),
  },
  // One at a time, since an attachment may be large.
  { table: 'attachments', key: ['n'], group: 'conversation', rows: 1, field: ({ id }) => fromSql(id) },
];

/** How far the content is encrypted with the first key. */
export interface RotationProgress {
  /** The key that all content will be encrypted with. */
  readonly keyId: string;
  /** The table in progress. */
  readonly table: string;
  /** The row in progress and the last one. */
  readonly row: number;
  readonly of: number;
}

/**
 * Encrypts with the first key what is stored under other keys or not encrypted, in small steps. The position is stored,
 * so that a restart goes on. At the end the other keys are no longer needed.
 */
export class Rotation {
  readonly #database: Database;
  readonly #logger: Logger;
  #timer: NodeJS.Timeout | undefined;
  #reportAt = performance.now() + REPORT_MS;
  #changed = 0;
  #unreadable = 0;

  constructor(database: Database, logger: Logger) {
    this.#database = database;
    this.#logger = logger;
    if (this.#isPending) this.#continueIn(PAUSE_MS);
  }

  /** `undefined` if all content is encrypted with the first key, or nothing is encrypted. */
  get progress(): RotationProgress | undefined {
    const row = this.#database.get('SELECT * FROM rotation');
    const part = PARTS[Number(row?.['part'])];
    if (row === undefined || part === undefined) return undefined;
    const { table, key } = part;
    const of = this.#database.number(`SELECT max(${key[0]}) FROM ${table}`);
    return { keyId: fromSql(row['key']), table, row: Number(row['a']), of };
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  get #isPending(): boolean {
    return this.#database.get('SELECT 1 FROM rotation') !== undefined;
  }

  #continueIn(ms: number): void {
    this.#timer = setTimeout(() => this.#goOn(), ms);
    this.#timer.unref();
  }

  #goOn(): void {
    try {
      this.#step();
      if (!this.#isPending) return this.#onDone();
      this.#report();
      this.#continueIn(PAUSE_MS);
    } catch (error) {
      this.#logger.warn({ err: error }, 'Stored content could not be encrypted anew: it is tried again');
      this.#continueIn(RETRY_MS);
    }
  }

  #step(): void {
    const until = performance.now() + STEP_MS;
    this.#database.transaction(() => {
      const at = this.#database.get('SELECT * FROM rotation');
      let [index, a, b] = [Number(at?.['part']), Number(at?.['a']), Number(at?.['b'])];
      let part = PARTS[index];
      while (part !== undefined && performance.now() < until) {
        const last = this.#convert(part, a, b);
        if (last === undefined) [index, a, b] = [index + 1, 0, 0];
        else [a, b] = last;
        part = PARTS[index];
      }
      if (part === undefined) {
        this.#database.run('DELETE FROM rotation');
        this.#database.run('DELETE FROM keys WHERE id <> ?', this.#database.content.keyId ?? '');
      } else this.#database.run('UPDATE rotation SET part = ?, a = ?, b = ?', index, a, b);
    });
  }

  /** Converts the next rows. Returns the position after them; `undefined` if there are none. */
  #convert(part: Part, a: number, b: number): [number, number] | undefined {
    const { table, key, rows: most } = part;
    const isPair = key.length === 2;
    const rows = this.#database.all(
      isPair
        ? `SELECT * FROM ${table} WHERE (${key[0]}, seq) > (?, ?) ORDER BY ${key[0]}, seq LIMIT ${most}`
        : `SELECT * FROM ${table} WHERE n > ? ORDER BY n LIMIT ${most}`,
      ...(isPair ? [a, b] : [a]),
    );
    for (const row of rows) {
      try {
        this.#convertRow(part, row);
      } catch {
        // What was changed from outside cannot be read with any key, and must not stop the rest.
        this.#unreadable++;
      }
    }
    const last = rows.at(-1);
    return last && [Number(last[key[0]]), isPair ? Number(last['seq']) : 0];
  }

  #convertRow({ table, key, group: column, texts = [], field }: Part, row: Row): void {
    const { content } = this.#database;
    const group = Number(row[column]);
    const where = key.map((name) => `${name} = ?`).join(' AND ');
    const at = key.map((name) => Number(row[name]));
    for (const name of texts) {
      const value = row[name] ?? null;
      if (value === null || keyOfText(value) === content.keyId) continue;
      const place = field?.(row) ?? name;
      const sealed = content.sealText(content.openText(value, table, group, place), table, group, place);
      this.#database.run(`UPDATE ${table} SET ${name} = ? WHERE ${where}`, sealed, ...at);
      this.#changed++;
    }
    const bytes = texts.length === 0 ? row['bytes'] : undefined;
    if (!(bytes instanceof Uint8Array)) return;
    const isSealed = row['sealed'] === 1;
    if (isSealed && keyIdIn(bytes) === content.keyId) return;
    const place = field?.(row) ?? '';
    const opened = isSealed ? content.openBytes(bytes, table, group, place) : bytes;
    const sealed = content.sealBytes(opened, table, group, place);
    this.#database.run(`UPDATE ${table} SET bytes = ?, sealed = 1 WHERE ${where}`, sealed, ...at);
    this.#changed++;
  }

  #report(): void {
    if (performance.now() < this.#reportAt) return;
    this.#reportAt = performance.now() + REPORT_MS;
    this.#logger.info({ ...this.progress }, 'Stored content is being encrypted anew');
  }

  #onDone(): void {
    // What was there before is left neither in the second file nor, since it was overwritten, in free pages.
    this.#database.exec('PRAGMA wal_checkpoint(TRUNCATE); PRAGMA secure_delete = OFF');
    if (this.#changed === 0 && this.#unreadable === 0) return;
    const { keyId } = this.#database.content;
    const fields = { keyId, changed: this.#changed, ...(this.#unreadable > 0 && { unreadable: this.#unreadable }) };
    this.#logger.info(fields, 'All stored content is encrypted with the first key: other keys are no longer needed');
  }
}
