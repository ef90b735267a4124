/**
 * Every frame the page sent or received. A socket made by `recordSockets` adds to it; the message log, the statistics
 * and the export read it.
 */
import { utf8Bytes } from '../ui/format.js';
import { Signal } from '../ui/signal.js';

/** `local`: a note of the page that a connection opened or closed. */
export type Direction = 'in' | 'out' | 'local';
/** `plain`: the raw connection without a subprotocol, which speaks the documented core. The letters: the two in a room. */
export type Source = 'client' | 'plain' | 'A' | 'B';
/** A JSON object, as far as the page looks into it. */
export type Message = Readonly<Record<string, unknown>>;

export interface Frame {
  readonly id: number;
  readonly source: Source;
  readonly direction: Direction;
  /** The `type` of the message, or `?` for a text that is no message. */
  readonly type: string;
  /** The text exactly as it travelled. */
  readonly text: string;
  readonly bytes: number;
  /** Milliseconds since the page was opened. */
  readonly at: number;
  /** Unix time in milliseconds. */
  readonly time: number;
  readonly runId: string | undefined;
  /** A ping that measures the latency, or the answer to one. */
  readonly isProbe: boolean;
}

const MAX_FRAMES = 5_000;
const MAX_CHARACTERS = 12_000_000;
/** So many old frames go at once, so that a long session costs no more per frame. */
const LOT = 500;

/** Keeps the newest frames and counts all of them. */
export class Frames {
  readonly added = new Signal<{ readonly frame: Frame; readonly message: Message | undefined }>();
  /** Old frames went, or all of them. */
  readonly dropped = new Signal();
  readonly counts = { in: 0, out: 0, local: 0 };
  readonly bytes = { in: 0, out: 0, local: 0 };
  /** How many went for lack of room. */
  droppedCount = 0;
  readonly #probes = new Set<unknown>();
  #all: Frame[] = [];
  #characters = 0;
  #nextId = 1;
  #isProbing = false;

  /** The kept frames, oldest first. */
  get all(): readonly Frame[] {
    return this.#all;
  }

  add(source: Source, direction: Direction, text: string): void {
    const message = parseMessage(text);
    const id = message?.['request_id'];
    const isProbe = direction === 'out' ? this.#isProbing : message?.['type'] === 'pong' && this.#probes.delete(id);
    if (direction === 'out' && isProbe) this.#probes.add(id);
    const frame: Frame = {
      id: this.#nextId++,
      source,
      direction,
      type: textOf(message, 'type') ?? '?',
      text,
      bytes: utf8Bytes(text),
      at: performance.now(),
      time: Date.now(),
      runId: textOf(message, 'run_id'),
      isProbe,
    };
    this.counts[direction]++;
    this.bytes[direction] += frame.bytes;
    this.#characters += text.length;
    this.#all.push(frame);
    this.added.emit({ frame, message });
    if (this.#all.length > MAX_FRAMES + LOT || this.#characters > MAX_CHARACTERS) this.#dropOldest();
  }

  /** Marks the pings that `send` sends as probes, and their answers with them. */
  probe<T>(send: () => T): T {
    this.#isProbing = true;
    try {
      return send();
    } finally {
      this.#isProbing = false;
    }
  }

  clear(): void {
    this.#all = [];
    this.#characters = this.droppedCount = 0;
    this.dropped.emit();
  }

  /** The newest frame stays, however long it is. */
  #dropOldest(): void {
    let gone = 0;
    while (gone < this.#all.length - 1 && (this.#all.length - gone > MAX_FRAMES || this.#characters > MAX_CHARACTERS)) {
      this.#characters -= this.#all[gone++]?.text.length ?? 0;
    }
    this.droppedCount += gone;
    this.#all = this.#all.slice(gone);
    this.dropped.emit();
  }
}

/** Whether the frame is a piece of a streamed text. */
export function isChunk({ type }: Frame): boolean {
  return type === 'stream_chunk' || type === 'stream_reasoning';
}

/** The JSON object in a text, if it is one. */
export function parseMessage(text: string): Message | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Message) : undefined;
  } catch {
    return undefined;
  }
}

/** A field that holds a string. */
export function textOf(message: Message | undefined, field: string): string | undefined {
  const value = message?.[field];
  return typeof value === 'string' ? value : undefined;
}

/** What a request asks for: its question, or the name of its tool. */
export function requestedBy(request: Message | undefined): string | undefined {
  return textOf(request, 'query') ?? textOf(request, 'tool_name');
}
