import type { Socket } from 'node:net';
import type { CutKind } from './faults.js';

/** Bytes that may wait in a pipe before it stops reading. */
const MAX_QUEUED = 65_536;

/** With a rate, bytes leave in pieces of so many milliseconds. */
const SLICE_MS = 10;

/** How long the last bytes before a reset have to be read. */
const RESET_MS = 10;

/** Something that arrived and has not gone on yet. */
interface Arrival {
  /** When it may go on: milliseconds of the monotonic clock. */
  readonly dueAt: number;
  readonly what: Buffer | 'fin' | 'rst';
}

/** One direction of a connection that is tampered with. It reads no more than it may hold. */
export class FaultyPipe {
  /** Bytes that went through. */
  forwarded = 0;
  readonly #from: Socket;
  readonly #to: Socket;
  /** Ends the connection, both directions of it. */
  readonly #cut: (by: CutKind) => void;
  readonly #queue: Arrival[] = [];
  #queued = 0;
  #delayMs = 0;
  #bytesPerSecond = Infinity;
  #cutAt = Infinity;
  #cutBy: CutKind = 'rst';
  #stalled = false;
  #blocked = false;
  #stopped = false;
  #timer: NodeJS.Timeout | undefined;
  /** When the rate lets the next byte go. */
  #freeAt = 0;

  constructor(from: Socket, to: Socket, cut: (by: CutKind) => void) {
    this.#from = from;
    this.#to = to;
    this.#cut = cut;
    from.on('data', (data: Buffer) => this.#arrive(data));
    from.on('end', () => this.#arrive('fin'));
    from.on('error', () => this.#arrive('rst'));
    to.on('drain', () => {
      this.#blocked = false;
      this.#pump();
    });
  }

  set delayMs(delayMs: number) {
    this.#delayMs = delayMs;
  }

  set bytesPerSecond(bytesPerSecond: number) {
    this.#bytesPerSecond = bytesPerSecond;
    this.#freeAt = 0;
    this.#pump();
  }

  set stalled(stalled: boolean) {
    this.#stalled = stalled;
    this.#pump();
  }

  cutAfter(bytes: number, by: CutKind): void {
    this.#cutAt = bytes;
    this.#cutBy = by;
    if (this.forwarded >= bytes) this.#cut(by);
  }

  /** Forwards nothing from now on; what still arrives is dropped. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#queue.length = 0;
    this.#from.resume();
  }

  #arrive(what: Arrival['what']): void {
    if (this.#stopped) return;
    this.#queue.push({ dueAt: performance.now() + this.#delayMs, what });
    if (typeof what !== 'string') this.#queued += what.length;
    if (this.#queued >= MAX_QUEUED) this.#from.pause();
    this.#pump();
  }

  /** Lets go on what is due. */
  #pump(): void {
    clearTimeout(this.#timer);
    while (!this.#stalled && !this.#blocked && !this.#stopped) {
      const [next] = this.#queue;
      if (next === undefined) return;
      const now = performance.now();
      const wait = Math.max(next.dueAt, this.#freeAt) - now;
      if (wait > 0) {
        this.#timer = setTimeout(() => this.#pump(), Math.ceil(wait));
        return;
      }
      this.#queue.shift();
      if (next.what === 'fin') this.#to.end();
      else if (next.what === 'rst') this.#cut('rst');
      else this.#forward(next.what, next.dueAt, now);
    }
  }

  #forward(data: Buffer, dueAt: number, now: number): void {
    const most = Math.min(
      Math.max(1, Math.floor((this.#bytesPerSecond * SLICE_MS) / 1_000)),
      this.#cutAt - this.forwarded,
    );
    const piece = data.subarray(0, most);
    if (piece.length < data.length) this.#queue.unshift({ dueAt, what: data.subarray(most) });
    this.forwarded += piece.length;
    this.#queued -= piece.length;
    // A timer that was late is made up for, by one piece at most.
    this.#freeAt = Math.max(this.#freeAt, now - SLICE_MS) + (piece.length / this.#bytesPerSecond) * 1_000;
    if (this.forwarded < this.#cutAt) {
      this.#blocked = !this.#to.write(piece);
      if (this.#queued < MAX_QUEUED) this.#from.resume();
    } else if (this.#cutBy === 'fin') {
      this.#to.write(piece);
      this.#cut('fin');
    } else {
      this.stop();
      // A reset overtakes what has not been read. A late timer leaves an end in this process no time: one more turn.
      this.#to.write(piece, () => setTimeout(() => setImmediate(() => this.#cut('rst')), RESET_MS));
    }
  }
}
