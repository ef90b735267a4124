const MAX_SAMPLES = 60;

interface Sent {
  readonly at: number;
  readonly probe: boolean;
  readonly requestId: string | undefined;
}

/** Round trips of pings: those the page sends to measure, and those the person sends. */
export class Latency {
  readonly samples: number[] = [];
  #waiting: Sent[] = [];

  get last(): number | undefined {
    return this.samples.at(-1);
  }

  /** The sample below which a share `p` of all lies. */
  percentile(p: number): number | undefined {
    const sorted = [...this.samples].sort((a, b) => a - b);
    return sorted[Math.min(sorted.length - 1, Math.floor(p * sorted.length))];
  }

  sent(probe: boolean, requestId: string | undefined): void {
    this.#waiting.push({ at: performance.now(), probe, requestId });
    if (this.#waiting.length > MAX_SAMPLES) this.#waiting.shift();
  }

  /** A pong came: pongs keep the order of their pings. Says whether it answers a probe. */
  received(requestId: string | undefined): boolean {
    const index = this.#waiting.findIndex((sent) => sent.requestId === requestId);
    const [sent] = index === -1 ? [] : this.#waiting.splice(index, 1);
    if (sent === undefined) return false;
    this.samples.push(performance.now() - sent.at);
    if (this.samples.length > MAX_SAMPLES) this.samples.shift();
    return sent.probe;
  }

  /** The connection is gone, and the pings on their way with it. */
  forget(): void {
    this.#waiting = [];
  }
}
