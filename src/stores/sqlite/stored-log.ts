import type { TextType } from '../../protocol/encode.js';
import { MemoryRunLog } from '../memory/memory-run-log.js';
import type { MessageEntry, RunEntry, RunLog, WireEntry } from '../../log/run-log.js';
import type { Database, Row } from './database.js';
import { fromSql } from './sql-text.js';

/** Bytes put together for one read. */
const READ_BYTES = 65_536;

const SELECT = 'SELECT seq, type, timestamp, body FROM entries WHERE run = ? AND seq > ? AND seq <= ? ORDER BY seq';

/** The log of a run that ended, or the older part of one that goes on, read from its rows. */
export class StoredLog implements RunLog {
  readonly published: number;
  readonly head: number;
  readonly bytes: number;
  readonly #database: Database;
  readonly #run: number;
  readonly #runId: string;

  constructor(database: Database, run: number, runId: string, published: number, bytes: number) {
    this.#database = database;
    this.#run = run;
    this.#runId = runId;
    this.published = published;
    this.head = published;
    this.bytes = bytes;
  }

  append(): void {
    throw new Error('The run is over: nothing can be added to its log');
  }

  /** @throws where the log was dropped meanwhile: a part of it would look whole. */
  read(after: number): readonly WireEntry[] {
    if (after >= this.published) return [];
    const log = new MemoryRunLog(this.#runId, after);
    for (const row of this.#database.iterate(SELECT, this.#run, after, this.published)) {
      const entry = toEntry(row);
      if (entry.seq !== log.published + 1) break;
      log.append(entry);
      if (log.bytes >= READ_BYTES) break;
    }
    if (log.published === after) throw new Error('The log of the run is gone');
    return log.read(after);
  }

  /** Never calls: everything is published. */
  onPublished(): () => void {
    return () => undefined;
  }
}

function toEntry(row: Row): RunEntry {
  const type = String(row['type']);
  const [seq, timestamp, body] = [Number(row['seq']), Number(row['timestamp']), fromSql(row['body'])];
  if (isText(type)) return { type, seq, timestamp, content: body };
  return { type: type as MessageEntry['type'], seq, timestamp, encoded: body };
}

function isText(type: string): type is TextType {
  return type === 'stream_chunk' || type === 'stream_reasoning';
}
