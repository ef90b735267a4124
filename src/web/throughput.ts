const SECONDS = 60;

/** What arrived in each of the last seconds. */
export class Throughput {
  readonly chunks: number[] = [];
  readonly bytes: number[] = [];
  #chunks = 0;
  #bytes = 0;

  add(bytes: number, isChunk: boolean): void {
    this.#bytes += bytes;
    if (isChunk) this.#chunks++;
  }

  /** Closes the current second. Called once per second. */
  tick(): void {
    this.chunks.push(this.#chunks);
    this.bytes.push(this.#bytes);
    this.#chunks = 0;
    this.#bytes = 0;
    if (this.chunks.length > SECONDS) this.chunks.shift();
    if (this.bytes.length > SECONDS) this.bytes.shift();
  }
}
