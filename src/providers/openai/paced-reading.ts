import type { Duplex } from 'node:stream';
import { EventLoopLoad } from '../../run/event-loop-load.js';

/** Under load, the time between two reads of one connection, in milliseconds: two tokens of a fast model. */
const WINDOW_MS = 40;

/** Connections whose time comes within this are read together, in milliseconds: more of them would make a long turn. */
const STEP_MS = 4;

/** Tells whether the process has little time left. */
interface Load {
  isHigh(now: number): boolean;
}

/** One connection, as far as its reading is concerned. */
interface Pace {
  readonly read: () => void;
  /** Whether the stream asked for more meanwhile. */
  isAsked: boolean;
  nextReadAt: number;
}

/**
 * Reads the connections of an upstream less often while the event loop is loaded. A token at a time costs a system
 * call, a turn of the HTTP parser and one of everything behind it; what gathers in the kernel for 40 ms costs the same
 * once. A request that is written ends the wait, so that the first token of an answer is read when it comes.
 */
export class PacedReading {
  readonly #load: Load;
  /** Those that wait to read, in the order of their times. */
  readonly #waiting = new Set<Pace>();
  #timer: NodeJS.Timeout | undefined;

  constructor(load: Load = new EventLoopLoad()) {
    this.#load = load;
  }

  /** Takes over when a socket reads, through the two methods with which every Node stream is made. */
  watch(socket: Duplex): void {
    const readNow = socket._read.bind(socket);
    const pace: Pace = {
      read: () => {
        if (!socket.destroyed) readNow(socket.readableHighWaterMark);
      },
      isAsked: false,
      nextReadAt: -Infinity,
    };
    const push = socket.push.bind(socket);
    const write = socket.write.bind(socket) as (...args: unknown[]) => boolean;
    socket.push = (chunk: unknown, encoding?: BufferEncoding): boolean => {
      const more = push(chunk, encoding);
      const now = performance.now();
      if (!this.#load.isHigh(now)) return more;
      pace.nextReadAt = now + WINDOW_MS;
      // Stops the socket from reading until it is asked again.
      return false;
    };
    socket._read = (size: number): void => {
      if (performance.now() >= pace.nextReadAt) return readNow(size);
      pace.isAsked = true;
      this.#wait(pace);
    };
    socket.write = ((...args: unknown[]): boolean => {
      this.#release(pace);
      return write(...args);
    }) as Duplex['write'];
  }

  #wait(pace: Pace): void {
    this.#waiting.add(pace);
    if (this.#timer === undefined) this.#arm(pace);
  }

  #arm(pace: Pace): void {
    this.#timer = setTimeout(this.#onTimer, Math.max(1, pace.nextReadAt - performance.now()));
  }

  readonly #onTimer = (): void => {
    this.#timer = undefined;
    const due = performance.now() + STEP_MS;
    for (const pace of this.#waiting) {
      if (pace.nextReadAt > due) {
        this.#arm(pace);
        return;
      }
      this.#release(pace);
    }
  };

  #release(pace: Pace): void {
    pace.nextReadAt = -Infinity;
    this.#waiting.delete(pace);
    if (!pace.isAsked) return;
    pace.isAsked = false;
    pace.read();
  }
}
