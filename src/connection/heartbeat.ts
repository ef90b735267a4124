import type { Connection } from './connection.js';

/** The state of one connection for the heartbeat: a small object without a timer. */
interface Pulse {
  /** Bytes received at the last check. */
  received: number;
  /** When the bytes last grew. */
  aliveAt: number;
  /** When the unanswered ping was sent; 0 for none. */
  pingedAt: number;
  /** Unsent bytes at the last check, while a ping is unanswered. */
  unsent: number;
}

/** Checks per timeout: they make detection timely without a timer per connection. */
const LOOKS_PER_TIMEOUT = 5;

/** How long a client that asks more than it reads may read nothing, in milliseconds: less than other slow readers. */
const ASKING_MS = 5_000;

/** What {@link Heartbeat} takes. */
export interface HeartbeatOptions {
  /** How often a silent connection is pinged, in milliseconds. */
  intervalMs: number;
  /** How long a connection may stay above its mark, in milliseconds. */
  slowConsumerMs: number;
  /** Called for a connection that did not answer. */
  onDead(connection: Connection): void;
}

/**
 * Detects peers that vanished, within `intervalMs` + min(`intervalMs`, 10 s), and readers that stopped reading. One
 * shared timer checks all connections; any received byte counts as a sign of life. Time during which our own event loop
 * was blocked does not count.
 */
export class Heartbeat {
  readonly #options: HeartbeatOptions;
  readonly #timeoutMs: number;
  readonly #lookMs: number;
  readonly #pulses = new Map<Connection, Pulse>();
  #timer: NodeJS.Timeout | undefined;
  #lookedAt = 0;

  constructor(options: HeartbeatOptions) {
    this.#options = options;
    this.#timeoutMs = Math.min(options.intervalMs, 10_000);
    this.#lookMs = this.#timeoutMs / LOOKS_PER_TIMEOUT;
  }

  add(connection: Connection): void {
    this.#pulses.set(connection, { received: 0, aliveAt: performance.now(), pingedAt: 0, unsent: 0 });
    if (this.#timer !== undefined) return;
    this.#lookedAt = performance.now();
    this.#timer = setInterval(() => this.#look(), this.#lookMs);
    this.#timer.unref();
  }

  remove(connection: Connection): void {
    this.#pulses.delete(connection);
    if (this.#pulses.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #look(): void {
    const now = performance.now();
    const stalledMs = now - this.#lookedAt - this.#lookMs;
    this.#lookedAt = now;
    for (const [connection, pulse] of this.#pulses) {
      if (stalledMs > this.#lookMs) {
        if (pulse.pingedAt !== 0) pulse.pingedAt += stalledMs;
        connection.forgive(stalledMs);
      }
      try {
        this.#checkPulse(connection, pulse, now);
        this.#checkReader(connection, now);
      } catch {
        // A custom socket violates its contract. Other connections and the process must not suffer.
        connection.terminate();
      }
    }
  }

  #checkPulse(connection: Connection, pulse: Pulse, now: number): void {
    const received = connection.bytesReceived;
    if (received !== pulse.received) {
      pulse.received = received;
      pulse.aliveAt = now;
      pulse.pingedAt = 0;
    } else if (pulse.pingedAt !== 0) {
      const unsent = connection.bufferedAmount;
      // The ping still waits behind other data, but the peer is reading: its time starts again.
      if (unsent > 0 && unsent < pulse.unsent) pulse.pingedAt = now;
      else if (now - pulse.pingedAt >= this.#timeoutMs - this.#lookMs) this.#options.onDead(connection);
      pulse.unsent = unsent;
      // One check passes between the last byte and its detection, another until the next check.
    } else if (now - pulse.aliveAt >= this.#options.intervalMs - 2 * this.#lookMs) {
      connection.ping();
      pulse.pingedAt = now;
      pulse.unsent = connection.bufferedAmount;
    }
  }

  #checkReader(connection: Connection, now: number): void {
    if (connection.blockedSince === 0) return;
    const { slowConsumerMs } = this.#options;
    const patienceMs = connection.isPaused ? Math.min(slowConsumerMs, ASKING_MS) : slowConsumerMs;
    if (now - connection.blockedSince >= patienceMs) connection.closeAsSlow();
  }
}
