/** How long text gathers before it is shown, in milliseconds: about a frame. */
const FRAME_MS = 16;

/**
 * What a hook shows, for `useSyncExternalStore`: a snapshot that stays the same object until something has changed.
 * Its first subscriber starts it, its last one stops it, as often as they come and go.
 */
export abstract class Store<Snapshot> {
  #snapshot: Snapshot;
  readonly #listeners = new Set<() => void>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(first: Snapshot) {
    this.#snapshot = first;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    if (this.#listeners.size === 1) this.start();
    return () => {
      if (this.#listeners.delete(listener) && this.#listeners.size === 0) this.stop();
    };
  };

  readonly getSnapshot = (): Snapshot => this.#snapshot;

  protected start(): void {
    // For those that listen to something.
  }

  protected stop(): void {
    // For those that listen to something.
  }

  /** What is to be shown now. */
  protected abstract look(): Snapshot;

  /** Something changed that has to be seen at once. */
  protected changed(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#snapshot = this.look();
    for (const listener of [...this.#listeners]) listener();
  }

  /** Text came: a frame is soon enough. */
  protected grew(): void {
    this.#timer ??= setTimeout(() => this.changed(), FRAME_MS);
  }
}
