/** How long text is collected before it is shown, in milliseconds: about a frame. */
const FRAME_MS = 16;

/**
 * The state of a hook, for `useSyncExternalStore`: a snapshot that stays the same object until something changes. The
 * first subscriber starts the store and the last one stops it, any number of times.
 */
export abstract class Store<Snapshot> {
  #snapshot: Snapshot;
  readonly #listeners = new Set<() => void>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** The snapshot of the server, with which a browser begins to hydrate, whatever has happened to the client since. */
  readonly getServerSnapshot: () => Snapshot;

  /**
   * @param first - what the hook shows before anything happens, as on a server
   * @param now - what it shows at this moment
   */
  constructor(first: Snapshot, now = first) {
    this.#snapshot = now;
    this.getServerSnapshot = () => first;
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
    // Overridden by stores that listen to events.
  }

  protected stop(): void {
    // Overridden by stores that listen to events.
  }

  /** Creates the current snapshot. */
  protected abstract look(): Snapshot;

  /** Announces a change that must be shown at once. */
  protected changed(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#snapshot = this.look();
    for (const listener of [...this.#listeners]) listener();
  }

  /** Announces new text, which is shown with the next frame. */
  protected grew(): void {
    this.#timer ??= setTimeout(() => this.changed(), FRAME_MS);
  }
}
