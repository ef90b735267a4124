import type { ConnectionManager } from './connection/connection-manager.js';
import type { CloseFrame } from './connection/close-frame.js';
import type { Connection } from './connection/connection.js';
import type { Principal } from './connection/principal.js';
import { checkOptions, type OptionTable } from './runtime/option-table.js';
import * as rule from './runtime/rule.js';
import { CLOSE_CODES } from './protocol/close-codes.js';
import type { MessageHandler } from './message/message-handler.js';
import type { RunManager } from './run/run-manager.js';
import { within } from './runtime/within.js';

/** How the service ends. */
export interface CloseOptions {
  /**
   * How long runs in progress may go on. In milliseconds; the rest ends with `run_interrupted`.
   * @default 0
   */
  drainMs?: number | undefined;
  /**
   * Which close code clients see: `goingAway` (1001), the service ends, or `draining` (1012), it restarts. Both tell clients
   * to come back.
   * @default 'goingAway'
   */
  closeCode?: 'goingAway' | 'draining' | undefined;
}

export const CLOSE_OPTIONS = {
  drainMs: { text: 'How long runs in progress may go on.', rule: rule.delay(0), default: 0 },
  closeCode: {
    text: 'Which close code clients see: `goingAway` (1001), the service ends, or `draining` (1012), it restarts.',
    rule: rule.choice('goingAway', 'draining'),
    default: 'goingAway',
  },
} as const satisfies OptionTable<CloseOptions>;

/** Time for each connection that is closed, in milliseconds: clients that reconnect at once do not meet all others. */
const CLOSE_MS = 2;

/** Time in which all connections are closed, in milliseconds. */
const MAX_CLOSES_MS = 600;

/** Time between two steps, in milliseconds. */
const STEP_MS = 20;

/** How long the final messages may take to reach clients that read slowly, in milliseconds. */
const LAST_MESSAGES_MS = 1_000;

/** How long the last connections may take to close, in milliseconds: longer than the socket's own limit. */
const CLOSING_MS = 2_500;

/** Time over which clients reconnect, in milliseconds, so that they do not arrive all at once. */
const RECONNECT_SPREAD_MS = 2_000;

/** What {@link Shutdown} ends. */
export interface ShutdownParts<P extends Principal, Metadata> {
  readonly connections: ConnectionManager<P, Metadata>;
  readonly messages: MessageHandler<P, Metadata>;
  readonly runs: RunManager;
  /** Stops accepting handshakes, and refuses those that wait. */
  readonly detach: () => void;
}

/** The shutdown of a service: it begins once, and all callers share it. */
export class Shutdown<P extends Principal, Metadata> {
  readonly #parts: ShutdownParts<P, Metadata>;
  /** When clients may reconnect, on the monotonic clock. */
  #backAt: number | undefined;
  #done: Promise<void> | undefined;

  constructor(parts: ShutdownParts<P, Metadata>) {
    this.#parts = parts;
  }

  /** Seconds after which a client may try again, at least 1; `undefined` while connections are accepted. */
  get retryAfter(): number | undefined {
    if (this.#backAt === undefined) return undefined;
    return Math.max(1, Math.ceil((this.#backAt - performance.now()) / 1_000));
  }

  /** @throws OptionError if an option breaks its rule; the shutdown has not begun then. */
  begin(options: CloseOptions = {}): Promise<void> {
    const { drainMs, closeCode } = checkOptions(options, CLOSE_OPTIONS);
    this.#backAt ??= performance.now() + drainMs;
    return (this.#done ??= this.#run(drainMs, CLOSE_CODES[closeCode]));
  }

  async #run(drainMs: number, close: CloseFrame): Promise<void> {
    const { connections, messages, runs, detach } = this.#parts;
    // Other listeners of the caller run first: new connections are refused from here on.
    await Promise.resolve();
    for (const connection of connections) {
      if (!connection.negotiated) continue;
      const reconnectAfterMs = Math.round(drainMs + Math.random() * RECONNECT_SPREAD_MS);
      connection.sendMessage({
        type: 'going_away',
        timestamp: connection.timestamp(),
        reconnect_after_ms: reconnectAfterMs,
      });
    }
    await runs.drain(drainMs, async () => {
      await within(LAST_MESSAGES_MS, allRead(messages, [...connections]));
      await this.#closeAll(close);
    });
    detach();
  }

  /** Closes all connections, some at a time, and waits until they are gone. Always ends, whatever their sockets do. */
  async #closeAll(close: CloseFrame): Promise<void> {
    const { connections } = this.#parts;
    let check: () => void = () => undefined;
    const gone = new Promise<void>((resolve) => {
      check = () => {
        if (connections.size === 0) resolve();
      };
    });
    const off = connections.on('disconnect', check);
    const open = [...connections];
    const spreadMs = Math.min(MAX_CLOSES_MS, open.length * CLOSE_MS);
    const at = performance.now();
    for (let closed = 0; closed < open.length;) {
      // By the clock: on a busy machine a step closes more.
      const due = Math.ceil((open.length * (performance.now() - at + STEP_MS)) / spreadMs);
      for (const connection of open.slice(closed, due)) attempt(() => connection.close(close));
      closed = due;
      if (closed < open.length) await delay(STEP_MS);
    }
    check();
    await within(CLOSING_MS, gone);
    // Only a custom socket that violates its contract is left here.
    for (const connection of [...connections]) connection.terminate();
    check();
    await within(STEP_MS, gone);
    for (const connection of [...connections]) connection.onClose(CLOSE_CODES.abnormal.code, '');
    off();
  }
}

/** Does a task whose error must not affect other connections or the shutdown. */
function attempt(task: () => void): void {
  try {
    task();
  } catch {
    // The connection is terminated at the end of its time.
  }
}

/** Resolves when every connection has been sent everything of the runs it reads. */
async function allRead<P extends Principal, Metadata>(
  messages: MessageHandler<P, Metadata>,
  connections: readonly Connection<P, Metadata>[],
): Promise<void> {
  while (connections.some((connection) => connection.isOpen && messages.isBehind(connection))) await delay(STEP_MS);
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
