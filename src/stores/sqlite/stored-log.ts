import type { TextType } from '../../protocol/encode.js';
import { MemoryRunLog } from '../memory/memory-run-log.js';
import type { MessageEntry, RunEntry, RunLog, WireEntry } from '../../log/run-log.js';
import type { Database, Row } from './database.js';

/** Maximum bytes of messages that one read returns, roughly. */
const READ_BYTES = 65_536;

const SELECT = 'SELECT seq, type, timestamp, body FROM entries WHERE run = ? AND seq > ? AND seq <= ? ORDER BY seq';

/** The log of an ended run, or the older part of the log of a restored run, read from the database. */
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

  /** @throws if the log was dropped meanwhile: the part that is left would look like the whole log. */
  read(after: number): readonly WireEntry[] {
    if (after >= this.published) return [];
    const log = new MemoryRunLog(this.#runId, after);
    for (const row of this.#database.iterate(SELECT, this.#run, after, this.published)) {
      const entry = this.#toEntry(row);
      if (entry.seq !== log.published + 1) break;
      log.append(entry);
      if (log.bytes >= READ_BYTES) break;
    }
    if (log.published === after) throw new Error('The log of the run is gone');
    return log.read(after);
  }

  /** Never calls back: everything is published already. */
  onPublished(): () => void {
    return () => undefined;
  }

  #toEntry(row: Row): RunEntry {
    const type = String(row['type']);
    const [seq, timestamp] = [Number(row['seq']), Number(row['timestamp'])];
    const body = this.#database.content.openText(row['body'], 'entries', this.#run, seq);
    if (isText(type)) return { type, seq, timestamp, content: body };
    return { type: type as MessageEntry['type'], seq, timestamp, encoded: body };
  }
}

function isText(type: string): type is TextType {
  return type === 'stream_chunk' || type === 'stream_reasoning';
}
