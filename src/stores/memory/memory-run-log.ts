import { encodeText, type TextType } from '../../protocol/encode.js';
import { TextBuilder } from '../../log/text-builder.js';
import { heldBytes, isWide } from '../../runtime/held-bytes.js';
import {
  MAX_TEXT_LENGTH,
  type MessageEntry,
  type RunEntry,
  type RunLog,
  type TextEntry,
  type WireEntry,
} from '../../log/run-log.js';

/** Maximum number of characters that one `read` returns. */
const READ_LENGTH = 65_536;

/** Memory that a piece of text takes besides its characters: its boundary. */
const PIECE_BYTES = 8;

/** Consecutive pieces of text and their boundaries: a few bytes per piece instead of a message per piece. */
class TextSegment {
  readonly type: TextType;
  readonly firstSeq: number;
  timestamp: number;
  readonly #text = new TextBuilder();
  /** Where the piece of `firstSeq + i` ends. */
  #ends: number[] = [];
  #wide = false;

  constructor(entry: TextEntry) {
    this.type = entry.type;
    this.firstSeq = entry.seq;
    this.timestamp = entry.timestamp;
  }

  get lastSeq(): number {
    return this.firstSeq + this.#ends.length - 1;
  }

  takes(entry: TextEntry): boolean {
    return entry.type === this.type && this.#text.length + entry.content.length <= MAX_TEXT_LENGTH;
  }

  /** Adds a piece. Returns the memory that it takes, in bytes: one wide character doubles that of all pieces. */
  append({ content, timestamp }: TextEntry): number {
    let bytes = PIECE_BYTES + content.length;
    if (this.#wide) bytes += content.length;
    else if (isWide(content)) {
      this.#wide = true;
      bytes += this.#text.length + content.length;
    }
    this.#text.append(content);
    this.#ends.push(this.#text.length);
    this.timestamp = timestamp;
    return bytes;
  }

  /** Frees the room reserved for more text: nothing follows. */
  seal(): void {
    this.#text.toString();
    this.#ends = this.#ends.slice();
  }

  /** The pieces after `after`, with the time of the last one. */
  entries(after: number): RunEntry[] {
    const { type, timestamp } = this;
    const from = Math.max(0, after + 1 - this.firstSeq);
    const text = this.#text.toString();
    return this.#ends.slice(from).map((end, index) => {
      const content = text.slice(this.#ends[from + index - 1] ?? 0, end);
      return { type, seq: this.firstSeq + from + index, timestamp, content };
    });
  }

  /** One message for everything after `after`. */
  read(after: number, runId: string): WireEntry {
    const firstSeq = Math.max(this.firstSeq, after + 1);
    const start = firstSeq === this.firstSeq ? 0 : (this.#ends[firstSeq - this.firstSeq - 1] ?? 0);
    return encodeTextEntry(
      this.type,
      this.#text.toString().slice(start),
      this.timestamp,
      firstSeq,
      this.lastSeq,
      runId,
    );
  }
}

/** One message that is not text. */
class MessageSegment implements WireEntry {
  readonly type: MessageEntry['type'];
  readonly firstSeq: number;
  readonly seq: number;
  readonly timestamp: number;
  readonly encoded: string;

  constructor(entry: MessageEntry) {
    this.type = entry.type;
    this.firstSeq = entry.seq;
    this.seq = entry.seq;
    this.timestamp = entry.timestamp;
    this.encoded = entry.encoded;
  }

  get lastSeq(): number {
    return this.seq;
  }

  entries(): RunEntry[] {
    return [this];
  }
}

/**
 * A log in memory. Text is stored as text, and eight bytes per piece for its boundary. Live readers get the newest
 * entry, which is encoded once; readers further behind get merged messages.
 */
export class MemoryRunLog implements RunLog {
  readonly #runId: string;
  #segments: (TextSegment | MessageSegment)[] = [];
  /** Replaced when a reader is added or removed, so that a reader may add or remove readers while it is woken. */
  #wakes: readonly (() => void)[] = NOBODY;
  #published: number;
  #bytes = 0;
  /** The newest entry as a wire message. It is encoded once for all readers that the entry wakes, and then dropped. */
  #newest: readonly WireEntry[] | undefined;
  #newestText: TextEntry | undefined;

  /** @param published - how many entries before the first one are stored elsewhere: they cannot be read here */
  constructor(runId: string, published = 0) {
    this.#runId = runId;
    this.#published = published;
  }

  get published(): number {
    return this.#published;
  }

  /** Every entry is published at once. */
  get head(): number {
    return this.#published;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Frees the room reserved for more entries: the run is over. */
  seal(): void {
    this.#segments = this.#segments.slice();
  }

  append(entry: RunEntry): void {
    const last = this.#segments.at(-1);
    if ('encoded' in entry) {
      if (last instanceof TextSegment) last.seal();
      const segment = new MessageSegment(entry);
      this.#segments.push(segment);
      this.#bytes += heldBytes(entry.encoded);
      this.#newest = [segment];
      this.#newestText = undefined;
    } else {
      let segment = last instanceof TextSegment && last.takes(entry) ? last : undefined;
      if (segment === undefined) this.#segments.push((segment = new TextSegment(entry)));
      this.#bytes += segment.append(entry);
      this.#newest = undefined;
      this.#newestText = entry;
    }
    this.#published = entry.seq;
    for (const wake of this.#wakes) wake();
    if (this.#published === entry.seq) this.#newest = this.#newestText = undefined;
  }

  read(after: number): readonly WireEntry[] {
    if (after >= this.#published) return NOTHING;
    if (after === this.#published - 1) {
      if (this.#newest !== undefined) return this.#newest;
      const text = this.#newestText;
      if (text !== undefined) return (this.#newest = [this.#encode(text)]);
    }
    const entries: WireEntry[] = [];
    let length = 0;
    for (let i = this.#indexOf(after + 1); i < this.#segments.length && length < READ_LENGTH; i++) {
      const segment = this.#segments[i];
      if (segment === undefined) break;
      const entry = segment instanceof TextSegment ? segment.read(after, this.#runId) : segment;
      entries.push(entry);
      length += entry.encoded.length;
    }
    return entries;
  }

  /** Entries after `after`, one by one. Pieces of text that follow one another have the time of the last of them. */
  entries(after: number): RunEntry[] {
    return this.#segments.filter(({ lastSeq }) => lastSeq > after).flatMap((segment) => segment.entries(after));
  }

  onPublished(wake: () => void): () => void {
    this.#wakes = this.#wakes.concat(wake);
    return () => {
      const others = this.#wakes.filter((other) => other !== wake);
      this.#wakes = others.length === 0 ? NOBODY : others;
    };
  }

  #encode({ type, content, timestamp, seq }: TextEntry): WireEntry {
    return encodeTextEntry(type, content, timestamp, seq, seq, this.#runId);
  }

  /** Index of the segment that holds `seq`, by binary search. */
  #indexOf(seq: number): number {
    let low = 0;
    let high = this.#segments.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#segments[middle]?.lastSeq ?? 0) < seq) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

const NOTHING: readonly WireEntry[] = [];
const NOBODY: readonly (() => void)[] = [];

function encodeTextEntry(
  type: TextType,
  content: string,
  timestamp: number,
  firstSeq: number,
  seq: number,
  runId: string,
): WireEntry {
  const first = firstSeq === seq ? undefined : firstSeq;
  return { type, firstSeq, seq, timestamp, encoded: encodeText(type, content, timestamp, first, runId, seq) };
}
