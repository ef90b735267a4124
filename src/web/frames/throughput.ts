/** How many chunks and bytes arrived in each of the last 60 seconds, read from the frames. */
import { isChunk, type Frames } from './frames.js';

const SECONDS = 60;
const EMPTY = { chunks: 0, bytes: 0 };

export class Throughput {
  #seconds = [EMPTY];
  #newest = Math.floor(performance.now() / 1000);

  constructor(frames: Frames) {
    frames.added.on(({ frame }) => {
      if (frame.direction !== 'in') return;
      this.#moveTo(frame.at);
      const { chunks, bytes } = this.#seconds.pop() ?? EMPTY;
      this.#seconds.push({ chunks: chunks + Number(isChunk(frame)), bytes: bytes + frame.bytes });
    });
  }

  /** The whole seconds before `now`, in milliseconds since the page was opened; the newest last. */
  read(now: number): readonly (typeof EMPTY)[] {
    this.#moveTo(now);
    return this.#seconds.slice(0, -1);
  }

  #moveTo(ms: number): void {
    const passed = Math.max(0, Math.floor(ms / 1000) - this.#newest);
    const empty = new Array<typeof EMPTY>(Math.min(passed, SECONDS + 1)).fill(EMPTY);
    this.#seconds = [...this.#seconds, ...empty].slice(-SECONDS - 1);
    this.#newest += passed;
  }
}
