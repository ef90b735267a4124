import type { NodeReading } from '../../store/cluster.js';
import type { Facts } from './facts.js';
import type { RunPlace } from './keys.js';

interface Wanted {
  readonly place: RunPlace;
  /** `undefined` if this node reads the run no more. */
  readonly reading: NodeReading | undefined;
  isWritten: boolean;
}

/** How this node reads the runs of others, as it wants Redis to have it. */
export class Readings {
  readonly #facts: Facts;
  readonly #nodeId: string;
  readonly #wanted = new Map<string, Wanted>();

  constructor(facts: Facts, nodeId: string) {
    this.#facts = facts;
    this.#nodeId = nodeId;
  }

  set(place: RunPlace, reading: NodeReading | undefined): void {
    const wanted = { place, reading, isWritten: false };
    this.#wanted.set(place.run, wanted);
    void this.#write(wanted);
  }

  /** Writes what could not be written. */
  retry(): void {
    for (const wanted of this.#wanted.values()) if (!wanted.isWritten) void this.#write(wanted);
  }

  /** Writes everything, since this node counted as dead. */
  repeat(): void {
    for (const wanted of this.#wanted.values()) void this.#write(wanted);
  }

  async #write(wanted: Wanted): Promise<void> {
    const { place, reading } = wanted;
    try {
      await this.#facts.read(place, this.#nodeId, reading);
    } catch {
      return;
    }
    wanted.isWritten = true;
    if (reading === undefined && this.#wanted.get(place.run) === wanted) this.#wanted.delete(place.run);
  }
}
