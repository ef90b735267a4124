/** What {@link Heartbeat} calls. */
export interface HeartbeatActions {
  /** Sends a ping. */
  readonly ask: () => void;
  /** Called if no answer came in time. */
  readonly dead: () => void;
}

/** Delay of a timer, in milliseconds, above which the process was suspended and silence means nothing. */
const STALL_MS = 1_000;

/** Detects a dead connection that was not closed: browsers do not show WebSocket pings to pages. */
export class Heartbeat {
  readonly #actions: HeartbeatActions;
  readonly #silenceMs: number;
  readonly #timeoutMs: number;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #heardAt = performance.now();
  #isAsked = false;
  /** When the timer is due. */
  #dueAt = 0;

  constructor(silenceMs: number, timeoutMs: number, actions: HeartbeatActions) {
    this.#silenceMs = silenceMs;
    this.#timeoutMs = timeoutMs;
    this.#actions = actions;
    this.#wait(silenceMs);
  }

  /** Notes that a message arrived. Called for every message, so it changes no timer. */
  heard(): void {
    this.#heardAt = performance.now();
    this.#isAsked = false;
  }

  /** Pings now. The answer may take `timeoutMs`; an answer that is already awaited gets no more time than before. */
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
      // After a suspension, the answer may have arrived unread.
      const stoodStill = now - this.#dueAt > STALL_MS;
      this.#isAsked = false;
      if (stoodStill) this.probe();
      else this.#actions.dead();
    } else if (left > 0) this.#wait(left);
    else this.probe();
  }
}
