import type { ServerMessageType } from '../protocol/server-messages.js';
import type { TextType } from '../protocol/encode.js';

/**
 * Maximum UTF-16 units in one piece of text, or in several that are read as one. A unit takes at most 3 bytes of UTF-8,
 * so the text is within the protocol's 64 KiB.
 */
export const MAX_TEXT_LENGTH = 16_384;

/** A piece of text, stored as text so that consecutive pieces can be merged. */
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

/** What a run writes. `seq` counts from 1 without gaps. */
export type RunEntry = TextEntry | MessageEntry;

/** What a reader gets: one wire message. */
export interface WireEntry {
  readonly type: ServerMessageType;
  /** The first `seq` that the message covers. If it covers more than one, `first_seq` says so. */
  readonly firstSeq: number;
  readonly seq: number;
  readonly timestamp: number;
  /** The encoded message without `request_id`. */
  readonly encoded: string;
}

/** An ordered log as its readers see it: they hold a position in it. */
export interface ReadableLog {
  /** The newest `seq` that readers may see. A durable log publishes after the commit. */
  readonly published: number;
  /**
   * Published entries after `after`, about 64 KiB at most. Never empty while `published` is greater than `after`: the
   * reader would ask again forever. Consecutive pieces of text may be merged, but never with a `firstSeq` at or below
   * `after`. If `read` throws or rejects, the connection that reads is closed with 1011; its client may resume.
   */
  read(after: number): readonly WireEntry[] | Promise<readonly WireEntry[]>;
  /**
   * Calls `wake` whenever `published` grows. The call carries no data, so that a lost call costs time but no content.
   * @returns a function that removes `wake`.
   */
  onPublished(wake: () => void): () => void;
}

/** The ordered messages of one run. The run is its only writer. */
export interface RunLog extends ReadableLog {
  /** The newest `seq`, published or not. */
  readonly head: number;
  /** Memory or disk space of the log, in bytes, roughly. */
  readonly bytes: number;
  /**
   * Adds an entry whose `seq` is one more than that of the previous entry. May throw if the entry cannot be stored, and
   * must then have added nothing: the run fails with `internal_error`, and its next entry has the same `seq`. If the
   * final message is refused, an `internal_error` replaces it once; if that is refused, too, the run ends without a
   * final message.
   */
  append(entry: RunEntry): void;
  /**
   * A promise to wait for before more is pulled from the provider, since too much waits to be committed; `undefined` if
   * there is no need to wait.
   * @default there never is
   */
  backpressure?(): Promise<void> | undefined;
  /**
   * For logs that commit entries later and may lose them: the run calls this once, when it gets the log. Call `fail`
   * with the reason if accepted entries cannot be stored. Before that, remove everything that is not published: `head`
   * equals `published` again, and the next entry has the `seq` after it. The run then stops and ends with
   * `internal_error`. If that entry is lost, too (call `fail` again), the connections that read the run are closed with
   * 1011.
   */
  onFailed?(fail: (error: unknown) => void): void;
}
