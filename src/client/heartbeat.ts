/** What {@link Heartbeat} calls. */
export interface HeartbeatActions {
  /** Asks the server whether it is there. */
  readonly ask: () => void;
  /** Nothing came back in time. */
  readonly dead: () => void;
}

/** A timer that is so much late, in milliseconds, says nothing about the server. */
const STALL_MS = 1_000;

/** Notices a connection that is dead without being closed: a browser shows its WebSocket pings to nobody. */
export class Heartbeat {
  readonly #actions: HeartbeatActions;
  readonly #silenceMs: number;
  readonly #timeoutMs: number;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #heardAt = performance.now();
  #isAsked = false;
  /** When the timer should ring. */
  #dueAt = 0;

  constructor(silenceMs: number, timeoutMs: number, actions: HeartbeatActions) {
    this.#silenceMs = silenceMs;
    this.#timeoutMs = timeoutMs;
    this.#actions = actions;
    this.#wait(silenceMs);
  }

  /** Something came. Called for every message, so it touches no timer. */
  heard(): void {
    this.#heardAt = performance.now();
    this.#isAsked = false;
  }

  /** Asks now: much may have changed. The answer may take `timeoutMs`; one that is waited for already, no longer than before. */
  probe(timeoutMs = this.#timeoutMs): void {
    if (!this.#isAsked) this.#actions.ask();
    else if (performance.now() + timeoutMs >= this.#dueAt) return;
    this.#isAsked = true;
    this.#wait(timeoutMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #wait(ms: number): void {
    clearTimeout(this.#timer);
    this.#dueAt = performance.now() + ms;
    this.#timer = setTimeout(() => this.#check(), ms);
  }

  #check(): void {
    const now = performance.now();
    const left = this.#silenceMs - (now - this.#heardAt);
    if (this.#isAsked) {
      // A process that stood still may have the answer and not have read it.
      const stoodStill = now - this.#dueAt > STALL_MS;
      this.#isAsked = false;
      if (stoodStill) this.probe();
      else this.#actions.dead();
    } else if (left > 0) this.#wait(left);
    else this.probe();
  }
}
