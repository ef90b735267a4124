/** What a node saw of the others with one beat. */
export interface Sight {
  /** The counter of each node by its id. */
  readonly beats: ReadonlyMap<string, number>;
  /** When the beat was sent, and when it was answered, in milliseconds of a clock that never goes back. */
  readonly sentAt: number;
  readonly answeredAt: number;
}

/** The times of an {@link Observer}, in milliseconds. */
export interface ObserverOptions {
  /** How often a node beats. */
  readonly beatMs: number;
  /** How long the counter of a node that is alive may stay the same. */
  readonly leaseMs: number;
}

/**
 * Finds out which nodes are dead: those whose counter did not change for a lease. No two clocks are compared, and what
 * this node could not see counts against nobody: after a beat that failed or took long, and after a stop of its own event
 * loop, every node has a whole lease again.
 */
export class Observer {
  readonly #beatMs: number;
  readonly #leaseMs: number;
  readonly #seen = new Map<string, { beat: number; at: number }>();
  /** When the last beat was sent. */
  #sentAt: number | undefined;

  constructor({ beatMs, leaseMs }: ObserverOptions) {
    this.#beatMs = beatMs;
    this.#leaseMs = leaseMs;
  }

  /** Takes what a beat saw. Returns the nodes that are dead: again with each beat, until they are not in it any more. */
  see({ beats, sentAt, answeredAt }: Sight): string[] {
    const wasBlind =
      this.#sentAt === undefined || sentAt - this.#sentAt > 2 * this.#beatMs || answeredAt - sentAt > this.#beatMs;
    this.#sentAt = sentAt;
    for (const id of this.#seen.keys()) if (!beats.has(id)) this.#seen.delete(id);
    const dead: string[] = [];
    for (const [id, beat] of beats) {
      const seen = this.#seen.get(id);
      if (seen === undefined) this.#seen.set(id, { beat, at: answeredAt });
      else if (seen.beat !== beat || wasBlind) {
        seen.beat = beat;
        seen.at = answeredAt;
      } else if (answeredAt - seen.at >= this.#leaseMs) dead.push(id);
    }
    return dead;
  }

  /** A beat failed: nothing was seen. */
  miss(): void {
    this.#sentAt = undefined;
  }
}
