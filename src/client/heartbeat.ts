/** What {@link Heartbeat} calls. */
export interface HeartbeatActions {
  /** Asks the server whether it is there. */
  readonly ask: () => void;
  /** Nothing came back in time. */
  readonly dead: () => void;
}

/** Notices a connection that is dead without being closed: a browser shows its WebSocket pings to nobody. */
export class Heartbeat {
  readonly #actions: HeartbeatActions;
  readonly #silenceMs: number;
  readonly #timeoutMs: number;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #heardAt = performance.now();
  #askedAt: number | undefined;

  constructor(silenceMs: number, timeoutMs: number, actions: HeartbeatActions) {
    this.#silenceMs = silenceMs;
    this.#timeoutMs = timeoutMs;
    this.#actions = actions;
    this.#wait(silenceMs);
  }

  /** Something came. Called for every message, so it touches no timer. */
  heard(): void {
    this.#heardAt = performance.now();
    this.#askedAt = undefined;
  }

  /** Asks now: the network may have changed. */
  probe(): void {
    if (this.#askedAt !== undefined) return;
    this.#askedAt = performance.now();
    this.#actions.ask();
    this.#wait(this.#timeoutMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #wait(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#check(), ms);
  }

  #check(): void {
    if (this.#askedAt !== undefined) {
      this.#actions.dead();
      return;
    }
    const left = this.#silenceMs - (performance.now() - this.#heardAt);
    if (left > 0) this.#wait(left);
    else this.probe();
  }
}
