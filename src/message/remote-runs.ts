import type { RunHandle } from '../run/run-handle.js';
import { orElse, andThen, type Awaitable } from '../runtime/awaitable.js';
import type { Logger } from '../runtime/logger.js';

/** A run that is followed. */
interface Followed {
  readonly run: RunHandle;
  /** Whether the model has said something. */
  hasText: boolean;
  /** The last `seq` that was looked at. */
  after: number;
}

/** Runs in rooms that this node does not execute, followed until they are over. */
export class RemoteRuns {
  readonly #onChanged: (room: string) => void;
  readonly #logger: Logger;
  readonly #rooms = new Map<string, Map<string, Followed>>();

  /** @param onChanged - called if a run of a room has written something, or is over */
  constructor(onChanged: (room: string) => void, logger: Logger) {
    this.#onChanged = onChanged;
    this.#logger = logger;
  }

  /** The rooms with such runs. */
  get rooms(): readonly string[] {
    return [...this.#rooms.keys()];
  }

  of(room: string): readonly Followed[] {
    return [...(this.#rooms.get(room)?.values() ?? [])];
  }

  /** Follows a run, unless it is over. */
  add(room: string, run: RunHandle): void {
    let runs = this.#rooms.get(room);
    if (run.isOver || runs?.has(run.id) === true) return;
    if (runs === undefined) this.#rooms.set(room, (runs = new Map<string, Followed>()));
    const followed: Followed = { run, hasText: false, after: 0 };
    runs.set(run.id, followed);
    const look = (): void => {
      if (run.isOver) {
        off();
        runs.delete(run.id);
        if (runs.size === 0) this.#rooms.delete(room);
      }
      this.#onChanged(room);
      if (!followed.hasText && !run.isOver) this.#findText(room, followed);
    };
    const off = run.log.onPublished(look);
    look();
  }

  #findText(room: string, followed: Followed): void {
    void orElse(
      () => this.#readOn(room, followed),
      (error) => this.#logger.error({ room, err: error }, 'A run in a room could not be read'),
    );
  }

  #readOn(room: string, followed: Followed): Awaitable<void> {
    const { run, after } = followed;
    if (after >= run.log.published) return undefined;
    return andThen(run.log.read(after), (entries) => {
      followed.after = Math.max(followed.after, entries.at(-1)?.seq ?? after);
      if (!entries.some(({ type }) => type === 'stream_chunk' || type === 'stream_reasoning')) return undefined;
      followed.hasText = true;
      this.#onChanged(room);
      return undefined;
    });
  }
}
