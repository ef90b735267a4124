import { encodeMessage, now, type TextType } from '../protocol/encode.js';
import type { MessageEntry, RunEntry, RunLog } from './run-log.js';
import type { RunMessage } from './run-message.js';

/** Bytes of the fields around the content of an encoded `stream_chunk`. */
const TEXT_OVERHEAD = 130;

/** Writes the log of a run: gives each entry its `seq`, and tells how large it is. */
export class RunWriter {
  readonly #runId: string;
  readonly #log: RunLog;
  readonly #onAppended: (bytes: number) => void;
  #seq: number;

  constructor(runId: string, log: RunLog, onAppended: (bytes: number) => void) {
    this.#runId = runId;
    this.#log = log;
    this.#onAppended = onAppended;
    this.#seq = log.published;
  }

  /** The newest `seq`. */
  get head(): number {
    return this.#seq;
  }

  /** What was not published is gone: the next entry takes its place. */
  rewind(): void {
    this.#seq = this.#log.published;
  }

  /** A message as the entry that comes next. @throws where JSON cannot say it. */
  encode(message: RunMessage): MessageEntry {
    const timestamp = now();
    const seq = this.#seq + 1;
    const encoded = encodeMessage(message, { timestamp, run_id: this.#runId, seq });
    return { type: message.type as MessageEntry['type'], seq, timestamp, encoded };
  }

  /** Appends one piece of text. @throws whatever the log throws. */
  text(type: TextType, content: string): void {
    this.append({ type, seq: this.#seq + 1, timestamp: now(), content });
  }

  /**
   * Counted first, since whoever is woken by the log may write to the run; an entry the log refuses leaves no hole.
   * @throws whatever the log throws.
   */
  append(entry: RunEntry): void {
    this.#seq = entry.seq;
    try {
      this.#log.append(entry);
    } catch (error) {
      if (this.#seq === entry.seq) this.#seq--;
      throw error;
    }
    this.#onAppended(
      'encoded' in entry ? Buffer.byteLength(entry.encoded) : Buffer.byteLength(entry.content) + TEXT_OVERHEAD,
    );
  }
}
