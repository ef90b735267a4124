import type { Socket } from 'node:net';
import type { CutKind } from './faults.js';

/** Maximum bytes that wait in a pipe before it stops reading. */
const MAX_QUEUED = 65_536;

/** Length of the slices in which bytes leave if there is a rate, in milliseconds. */
const SLICE_MS = 10;

/** How long the receiver has to read the last bytes before a reset, in milliseconds. */
const RESET_MS = 10;

/** Bytes that have arrived and are not forwarded yet. */
interface Arrival {
  /** When the bytes may be forwarded, in milliseconds of the monotonic clock. */
  readonly dueAt: number;
  readonly what: Buffer | 'fin' | 'rst';
}

/** One direction of a faulty connection. Reads no more than it may hold. */
export class FaultyPipe {
  /** Bytes forwarded so far. */
  forwarded = 0;
  readonly #from: Socket;
  readonly #to: Socket;
  /** Ends both directions of the connection. */
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
  /** When the rate permits the next byte. */
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

  /** Stops forwarding for good; bytes that still arrive are dropped. */
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

  /** Forwards the bytes that are due. */
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
    // A late timer is compensated, by one piece at most.
    this.#freeAt = Math.max(this.#freeAt, now - SLICE_MS) + (piece.length / this.#bytesPerSecond) * 1_000;
    if (this.forwarded < this.#cutAt) {
      this.#blocked = !this.#to.write(piece);
      if (this.#queued < MAX_QUEUED) this.#from.resume();
    } else if (this.#cutBy === 'fin') {
      this.#to.write(piece);
      this.#cut('fin');
    } else {
      this.stop();
      // A reset discards bytes that were not read. The extra turn helps a receiver in this process if the timer is
      // late.
      this.#to.write(piece, () => setTimeout(() => setImmediate(() => this.#cut('rst')), RESET_MS));
    }
  }
}
