import type { CountedHistogram } from '../../runtime/counted-histogram.js';
import type { CallCounts, ClusterCounts, LookReason } from '../../store/counts.js';
import type { Members } from './members.js';
import type { RedisParts } from './redis-parts.js';

/** What the parts of a node count, each of its own work. */
export class RedisCounts implements ClusterCounts {
  readonly #parts: RedisParts;
  readonly #members: Members;

  constructor(parts: RedisParts, members: Members) {
    this.#parts = parts;
    this.#members = members;
  }

  get beats(): CountedHistogram {
    return this.#members.beats;
  }

  get forged(): Readonly<Record<string, number>> {
    return this.#parts.signer.forged;
  }

  get calls(): Iterable<readonly [name: string, CallCounts]> {
    return this.#parts.connection.calls;
  }

  get retries(): number {
    return this.#parts.outage.retries;
  }

  get commits(): CountedHistogram {
    return this.#parts.queue.commits;
  }

  get entriesPerCall(): CountedHistogram {
    return this.#parts.queue.entriesPerCall;
  }

  get waitingBytes(): number {
    return this.#parts.queue.bytes;
  }

  get resentEntries(): number {
    return this.#parts.queue.resentEntries;
  }

  get followedRuns(): number {
    return this.#parts.followers.size;
  }

  get looks(): Readonly<Record<LookReason, number>> {
    return this.#parts.followers.looks;
  }
}
