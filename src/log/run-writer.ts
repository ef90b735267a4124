import { encodeMessage, now, type TextType } from '../protocol/encode.js';
import type { MessageEntry, RunEntry, RunLog } from './run-log.js';
import type { RunMessage } from './run-message.js';

/** Bytes of the fields around the content of an encoded `stream_chunk`. */
const TEXT_OVERHEAD = 130;

/** Writes the log of a run: numbers its entries and counts their size. */
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

  /** Goes back to the published entries: the next entry follows them. */
  rewind(): void {
    this.#seq = this.#log.published;
  }

  /** Encodes a message as the next entry. @throws if the message cannot be written as JSON. */
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
   * The entry is counted before it is appended, since a woken reader may write to the run. A refused entry leaves no
   * gap.
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
