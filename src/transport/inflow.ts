import type { Duplex } from 'node:stream';
import { TokenBucket } from '../runtime/token-bucket.js';
import { Frames } from './frames.js';
import type { Turns, Waiting } from './turns.js';

/**
 * How long the messages of one connection may be handled in one turn of the event loop, in milliseconds. One read of the
 * system may bring ten thousand messages, and one turn may read thirty-two times.
 */
const SLICE_MS = 0.25;

/** What may have more work in it than a few messages waits for its turn if many others wait for theirs, in bytes. */
const LARGE_BYTES = 4_096;

/**
 * Frames that no rate of messages counts: control frames, parts of a message shorter than {@link COLLECTED_BYTES}, and whatever
 * comes after the server has closed the connection. One that sends more of them is not read for a while.
 */
const UNCOUNTED_FRAMES = { burst: 64, perSecond: 200 };
const REST_MS = 100;

/** After so many rests, between which it never paused by itself, a connection floods. A message of 1,024 small parts takes fewer. */
const MOST_RESTS = 50;

/** What a connection may send at once that is dropped, in bytes: it may not have read yet why it is closed. */
const DROPPED_BYTES = 262_144;

/** Below this size, parts of a payload are collected: each part by itself costs more memory than it holds. */
const COLLECTED_BYTES = 1_024;

/** What a fragment costs in memory besides its bytes: a buffer of its own, in bytes. */
const FRAGMENT_BYTES = 256;

/** How much larger a compressed fragment may become, which `ws` inflates at once (zlib, "Maximum Compression Factor"). */
const MAX_INFLATION = 1_032;

/** The parts of a `WebSocket` that stop and start its reading. */
export interface Pausable {
  pause(): void;
  resume(): void;
}

/** Learns what a connection does with the memory and the time of the server. */
export interface Keeper {
  /** How many bytes of an unfinished message `ws` holds, at most; 0 once the message is complete or lost. */
  keeps(bytes: number): void;
  /** The connection sends frames that no rate counts, without end. */
  floods(): void;
}

type Emit = (this: unknown, event: string | symbol, ...values: unknown[]) => boolean;

/**
 * What one connection receives, handed to its `WebSocket` frame by frame: as much as the slice of a turn allows, and the
 * rest in later turns. Meanwhile the socket is not read, so that the peer waits and memory is bounded.
 *
 * `ws` reads whatever its socket emits, at once, and removes its listener when it has read enough. So the chunks are cut
 * when the socket emits them.
 */
export class Inflow implements Waiting {
  readonly #raw: Duplex;
  readonly #emit: Emit;
  readonly #ws: Pausable;
  readonly #turns: Turns;
  readonly #keeper: Keeper;
  readonly #isInflated: boolean;
  readonly #frames = new Frames();
  /** Made for the first one. */
  #uncounted: TokenBucket | undefined;
  #rests = 0;
  /** What waits for its turn. While it is there, the socket is paused. */
  #held: Buffer | undefined;
  /** Small parts of the payload in progress. */
  #parts: Buffer | undefined;
  #partBytes = 0;
  /** What `ws` holds of the message in progress: its complete fragments, and a part of a frame. */
  #fragmentBytes = 0;
  #frameBytes = 0;
  /** Time used of the slice, and when it was used last. */
  #usedMs = 0;
  #usedAt = 0;
  /** Whether the slice is used up, and whether {@link stop} was called. */
  #isWaiting = false;
  #isStopped = false;
  #isClosed = false;
  /** Whether the socket is gone, and what comes after what was held is ignored. */
  #isOver = false;
  #droppedBytes = 0;

  /**
   * @param isInflated - whether messages are compressed. `ws` then inflates beside the event loop and reads everything
   * that came meanwhile at once, so each turn gets one frame.
   */
  constructor(raw: Duplex, ws: Pausable, turns: Turns, keeper: Keeper, isInflated: boolean) {
    this.#raw = raw;
    this.#ws = ws;
    this.#turns = turns;
    this.#keeper = keeper;
    this.#isInflated = isInflated;
    this.#emit = Reflect.get(raw, 'emit') as Emit;
    const emit: Emit = (event, ...values) => {
      if (event === 'data') {
        this.#take(values[0] as Buffer);
        return true;
      }
      if (event === 'close') this.#end();
      return this.#emit.call(raw, event, ...values);
    };
    raw.emit = emit;
  }

  /** Hands over nothing more until {@link start}. */
  stop(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#ws.pause();
  }

  start(): void {
    if (!this.#isStopped) return;
    this.#isStopped = false;
    if (this.#isWaiting) return;
    if (this.#held === undefined) this.#ws.resume();
    else this.#wait();
  }

  /** Counts whatever comes from now on: the server has closed the connection, and no rate counts its messages any more. */
  closed(): void {
    this.#isClosed = true;
  }

  /** Drops what was not handed over and everything that comes. */
  drop(): void {
    this.#isOver = true;
    this.#held = this.#parts = undefined;
    this.start();
  }

  get bytes(): number {
    return this.#held?.length ?? 0;
  }

  goOn(): void {
    this.#isWaiting = false;
    this.#usedMs = 0;
    if (this.#isStopped) return;
    const chunk = this.#held;
    this.#held = undefined;
    if (this.#isOver) this.#raw.resume();
    else if (chunk === undefined || this.#read(chunk)) this.#ws.resume();
  }

  #take(chunk: Buffer): void {
    if (this.#isOver) return this.#dropChunk(chunk);
    // A chunk may be on its way when the socket is paused.
    if (this.#held !== undefined) this.#held = Buffer.concat([this.#held, chunk]);
    else if (this.#isWaiting || this.#isStopped) this.#hold(chunk);
    else if (chunk.length >= LARGE_BYTES && this.#turns.isBusy) {
      this.#hold(chunk);
      this.#wait();
    } else this.#read(chunk);
  }

  /** Lets the kernel keep what comes from a connection that is over and sends without end: to read it costs more than its frames. */
  #dropChunk({ length }: Buffer): void {
    this.#droppedBytes += length;
    if (this.#droppedBytes < DROPPED_BYTES) return;
    this.#raw.pause();
    if (!this.#isWaiting) this.#rest();
  }

  /** Returns whether more may be read at once. */
  #read(chunk: Buffer): boolean {
    let from = 0;
    let began = performance.now();
    // The reads of one turn follow each other at once.
    if (began - this.#usedAt > SLICE_MS) this.#usedMs = 0;
    while (from < chunk.length && !this.#isOver) {
      const isPayload = this.#frames.isInPayload;
      const end = this.#frames.endIn(chunk, from);
      if (end === -1) {
        this.#takePart(from === 0 ? chunk : chunk.subarray(from), isPayload);
        this.#frameBytes += chunk.length - from;
        this.#keeper.keeps(this.#fragmentBytes + this.#frameBytes);
        return true;
      }
      const size = this.#frameBytes + end - from;
      this.#handOver(chunk, from, end);
      this.#usedAt = performance.now();
      this.#usedMs += this.#usedAt - began;
      began = this.#usedAt;
      from = end;
      const isTired = this.#countUncounted(size, began);
      if (!isTired && this.#usedMs < (this.#isInflated ? 0 : SLICE_MS) && !this.#isStopped) continue;
      if (from < chunk.length) this.#hold(chunk.subarray(from));
      if (isTired) this.#rest();
      else if (!this.#isStopped) this.#wait();
      return false;
    }
    return true;
  }

  /** Counts the frame that was read last. Returns whether the connection has sent too many that no rate counts. */
  #countUncounted(bytes: number, now: number): boolean {
    const { isControl, isFragment } = this.#frames;
    if (!this.#isClosed && !isControl && !(isFragment && bytes < COLLECTED_BYTES)) return false;
    this.#uncounted ??= new TokenBucket(UNCOUNTED_FRAMES, now);
    if (this.#uncounted.isFull(now)) this.#rests = 0;
    this.#uncounted.take(1, now);
    if (this.#uncounted.wait(now) === 0) return false;
    if (this.#rests++ !== MOST_RESTS) return true;
    this.#keeper.floods();
    return false;
  }

  #handOver(chunk: Buffer, from: number, end: number): void {
    this.#handOverParts();
    const frame = from === 0 && end === chunk.length ? chunk : chunk.subarray(from, end);
    // A part of a message is kept until the rest has come, and would keep the whole chunk.
    const { isFragment } = this.#frames;
    this.#emit.call(this.#raw, 'data', isFragment && frame !== chunk ? copyOf(frame) : frame);
    if (isFragment || this.#frameBytes > 0 || this.#fragmentBytes > 0) this.#countFrame(end - from);
  }

  #countFrame(bytes: number): void {
    const { isFragment, isControl } = this.#frames;
    const size = this.#frameBytes + bytes;
    this.#frameBytes = 0;
    if (isFragment) this.#fragmentBytes += FRAGMENT_BYTES + (this.#isInflated ? size * MAX_INFLATION : size);
    else if (!isControl) this.#fragmentBytes = 0;
    this.#keeper.keeps(this.#fragmentBytes);
  }

  /** Heads are never collected: what they announce may be refused. */
  #takePart(part: Buffer, isPayload: boolean): void {
    if (this.#partBytes + part.length > COLLECTED_BYTES) this.#handOverParts();
    if (!isPayload || part.length >= COLLECTED_BYTES) {
      this.#emit.call(this.#raw, 'data', part);
      return;
    }
    this.#parts ??= Buffer.allocUnsafeSlow(COLLECTED_BYTES);
    part.copy(this.#parts, this.#partBytes);
    this.#partBytes += part.length;
  }

  #handOverParts(): void {
    const parts = this.#parts?.subarray(0, this.#partBytes);
    if (parts === undefined) return;
    this.#parts = undefined;
    this.#partBytes = 0;
    this.#emit.call(this.#raw, 'data', parts);
  }

  #hold(chunk: Buffer): void {
    this.#held = chunk;
    this.#ws.pause();
  }

  #wait(): void {
    this.#isWaiting = true;
    this.#turns.wait(this);
  }

  /** Waits for its turn after a while, even if the connection is stopped meanwhile: it goes on only if it was started again. */
  #rest(): void {
    this.#isWaiting = true;
    setTimeout(() => this.#turns.wait(this), REST_MS).unref();
  }

  /** At its end, `ws` reads what the socket still has: nothing may be missing before it. */
  #end(): void {
    this.#keeper.keeps(0);
    if (this.#held === undefined) return this.#handOverParts();
    this.#isOver = true;
    this.#held = this.#parts = undefined;
    this.#raw.read();
  }
}

/** A copy in memory of its own. */
function copyOf(bytes: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(copy);
  return copy;
}
