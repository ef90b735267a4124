import type { ServerMessageType } from '../protocol/server-messages.js';
import type { TextType } from '../protocol/encode.js';

/**
 * UTF-16 units in one piece of text, or in several that are read as one: at most 3 bytes of UTF-8 each, so within
 * the 64 KiB of the protocol.
 */
export const MAX_TEXT_LENGTH = 16_384;

/** A piece of text, kept as text so that neighbours can be merged. */
export interface TextEntry {
  readonly type: TextType;
  readonly seq: number;
  /** Unix time in seconds. */
  readonly timestamp: number;
  readonly content: string;
}

/** Any other message of a run, encoded once for all its readers. */
export interface MessageEntry {
  readonly type: Exclude<ServerMessageType, TextType>;
  readonly seq: number;
  readonly timestamp: number;
  readonly encoded: string;
}

/** What a run writes. `seq` counts from 1 without holes. */
export type RunEntry = TextEntry | MessageEntry;

/** What a reader gets: one wire message. */
export interface WireEntry {
  readonly type: ServerMessageType;
  /** The message stands for all from here to `seq`; where that is more than one it says so by `first_seq`. */
  readonly firstSeq: number;
  readonly seq: number;
  readonly timestamp: number;
  /** The message as it goes on the wire, without `request_id`. */
  readonly encoded: string;
}

/**
 * The ordered messages of one run. The run is its only writer; readers hold a position in it.
 */
export interface RunLog {
  /** The newest `seq` readers may see. A durable log publishes after commit. */
  readonly published: number;
  /** The newest `seq`, published or not. */
  readonly head: number;
  /** Bytes kept, roughly. */
  readonly bytes: number;
  /**
   * Adds an entry, whose `seq` is one more than that of the entry before. May throw where the entry cannot be kept,
   * and has then added nothing: the run fails with `internal_error`, and its next entry has the same `seq`.
   * Where the terminal message is refused, an `internal_error` is offered in its place, once; a run whose log
   * takes that neither is over without a terminal message.
   */
  append(entry: RunEntry): void;
  /**
   * For logs whose entries are committed later, where a commit can fail for good: called once by the run, when it takes the
   * log. Call `fail` with the reason when entries that `append` took cannot be kept. Before that take back everything that
   * is not published: `head` is `published` again, and the next entry has the `seq` after it.
   * The run then stops and ends with `internal_error`. Where that entry is lost as well (call `fail` again), the
   * connections that read the run are closed with 1011.
   */
  onFailed?(fail: (error: unknown) => void): void;
  /**
   * Published entries after `after`, some 64 KiB of them at most. Never empty while `published` is greater than
   * `after`: the reader would ask again at once, for ever.
   * Neighbouring pieces of text may come merged, but never with a `firstSeq` at or below `after`.
   * Where it throws or rejects, the connection that reads is closed with 1011; its client may resume.
   */
  read(after: number): readonly WireEntry[] | Promise<readonly WireEntry[]>;
  /**
   * Calls `wake` whenever `published` grows. It carries no data, so that a lost call costs time and never content.
   * @returns the function that stops it.
   */
  onPublished(wake: () => void): () => void;
}
