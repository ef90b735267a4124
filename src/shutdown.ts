import type { ConnectionManager } from './connection/connection-manager.js';
import type { CloseFrame } from './connection/close-frame.js';
import type { Connection } from './connection/connection.js';
import type { Principal } from './connection/principal.js';
import type { Cluster } from './store/cluster.js';
import { checkOptions, type OptionTable } from './runtime/option-table.js';
import * as rule from './runtime/rule.js';
import { CLOSE_CODES } from './protocol/close-codes.js';
import type { MessageHandler } from './message/message-handler.js';
import type { RunManager } from './run/run-manager.js';
import { within } from './runtime/within.js';

/** How the service ends. */
export interface CloseOptions {
  /**
   * How long new connections are still accepted when the service ends, while `/readyz` answers 503 already. In milliseconds:
   * as long as the load balancers in front need to notice.
   * @default 0
   */
  delayMs?: number | undefined;
  /**
   * How long runs in progress may go on when the service ends. In milliseconds, after `delayMs`; the rest ends with
   * `run_interrupted`. In a cluster nobody waits for it: connections close first, and their clients read on at another node.
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
  delayMs: {
    text: 'How long new connections are still accepted when the service ends, while `/readyz` answers 503 already.',
    rule: rule.delay(0),
    default: 0,
  },
  drainMs: { text: 'How long runs in progress may go on when the service ends.', rule: rule.delay(0), default: 0 },
  closeCode: {
    text: 'Which close code clients see: `goingAway` (1001), the service ends, or `draining` (1012), it restarts.',
    rule: rule.choice('goingAway', 'draining'),
    default: 'goingAway',
  },
} as const satisfies OptionTable<CloseOptions>;

/** How fast connections are closed: clients that reconnect at once do not meet all others. */
interface Pace {
  /** Time for each connection, in milliseconds. */
  readonly eachMs: number;
  /** Maximum time for all of them, in milliseconds. */
  readonly allMs: number;
}

/** The whole service ends, and the process waits for it. */
const ALL: Pace = { eachMs: 2, allMs: 600 };

/** The clients go to other nodes, which take in 100 every 20 ms, while the process still works on its runs. */
const MOVE: Pace = { eachMs: 0.2, allMs: Infinity };

/** Time between two steps, in milliseconds. */
const STEP_MS = 20;

/** Time between two looks for connections that have got their last answer here, in milliseconds. */
const MOVE_STEP_MS = 100;

/** How long the final messages may take to reach clients that read slowly, in milliseconds. */
const LAST_MESSAGES_MS = 1_000;

/** How long the last connections may take to close, in milliseconds: longer than the socket's own limit. */
const CLOSING_MS = 2_500;

/** Time over which clients reconnect, in milliseconds, so that they do not arrive all at once. */
const RECONNECT_SPREAD_MS = 2_000;

/** Time over which clients reconnect to other nodes, for each of them, in milliseconds: a few need not wait. */
const MOVE_SPREAD_MS = 2;

/** How long the cluster may take to let this node go, in milliseconds. */
const LEAVE_MS = 2_000;

/** What {@link Shutdown} ends. */
export interface ShutdownParts<P extends Principal, Metadata> {
  readonly connections: ConnectionManager<P, Metadata>;
  readonly messages: MessageHandler<P, Metadata>;
  readonly runs: RunManager;
  /** The other nodes, to which clients and runs can go; absent if the process is alone. */
  readonly cluster: Cluster | undefined;
  /** Refuses handshakes that wait for the client. */
  readonly stopHandshakes: () => void;
  /** Stops accepting handshakes, and refuses those that wait. */
  readonly detach: () => void;
}

/** The shutdown of a service: it begins once, and all callers share it. */
export class Shutdown<P extends Principal, Metadata> {
  readonly #parts: ShutdownParts<P, Metadata>;
  /** When connections are refused, and when clients may come back, on the monotonic clock. */
  #away: { readonly from: number; readonly to: number } | undefined;
  #done: Promise<void> | undefined;

  constructor(parts: ShutdownParts<P, Metadata>) {
    this.#parts = parts;
  }

  /** Whether the service ends. It may accept connections for a while. */
  get hasBegun(): boolean {
    return this.#away !== undefined;
  }

  /** Seconds after which a client may try again, at least 1; `undefined` while connections are accepted. */
  get retryAfter(): number | undefined {
    const now = performance.now();
    if (this.#away === undefined || now < this.#away.from) return undefined;
    return Math.max(1, Math.ceil((this.#away.to - now) / 1_000));
  }

  /** @throws OptionError if an option breaks its rule; the shutdown has not begun then. */
  begin(options: CloseOptions = {}): Promise<void> {
    const checked = checkOptions(options, CLOSE_OPTIONS);
    if (this.#done !== undefined) return this.#done;
    const { delayMs, drainMs, closeCode } = checked;
    const from = performance.now() + delayMs;
    // Other nodes accept connections all the time.
    this.#away = { from, to: this.#parts.cluster === undefined ? from + drainMs : from };
    return (this.#done = this.#run(delayMs, drainMs, CLOSE_CODES[closeCode]));
  }

  async #run(delayMs: number, drainMs: number, close: CloseFrame): Promise<void> {
    const { connections, messages, runs, cluster, stopHandshakes, detach } = this.#parts;
    // Other listeners of the caller run first: new connections are refused from here on.
    await Promise.resolve();
    cluster?.announce();
    if (delayMs > 0) await delay(delayMs);
    stopHandshakes();
    const leave = async (): Promise<void> => {
      await within(LAST_MESSAGES_MS, allRead(messages, [...connections]));
      await this.#closeAll(close);
    };
    if (cluster === undefined) {
      this.#tellGoingAway(drainMs, RECONNECT_SPREAD_MS);
      await runs.drain(drainMs, leave);
    } else {
      this.#tellGoingAway(0, Math.min(RECONNECT_SPREAD_MS, connections.size * MOVE_SPREAD_MS));
      // Requests are accepted until their connections close: the clients read the answers at other nodes.
      await this.#closeSome(this.#movable(), close, MOVE);
      const moving = setInterval(() => void this.#closeSome(this.#movable(), close, MOVE), MOVE_STEP_MS);
      await runs.drain(drainMs, leave, true).finally(() => clearInterval(moving));
      await within(LEAVE_MS, cluster.leave().catch(ignore));
    }
    detach();
  }

  #tellGoingAway(afterMs: number, spreadMs: number): void {
    for (const connection of this.#parts.connections) {
      if (!connection.negotiated) continue;
      connection.sendMessage({
        type: 'going_away',
        timestamp: connection.timestamp(),
        reconnect_after_ms: Math.round(afterMs + Math.random() * spreadMs),
      });
    }
  }

  /**
   * The connections that lose nothing by being closed. Clients of the documented core cannot resume an answer, so that
   * they get it here.
   */
  #movable(): Connection<P, Metadata>[] {
    const { connections, messages } = this.#parts;
    return [...connections].filter(
      (connection) => connection.isOpen && (connection.negotiated || !messages.isReading(connection)),
    );
  }

  /** Closes connections, some at a time. */
  async #closeSome(open: readonly Connection<P, Metadata>[], close: CloseFrame, pace: Pace): Promise<void> {
    const spreadMs = Math.min(pace.allMs, open.length * pace.eachMs);
    const at = performance.now();
    for (let closed = 0; closed < open.length;) {
      // By the clock: on a busy machine a step closes more.
      const due = Math.ceil((open.length * (performance.now() - at + STEP_MS)) / spreadMs);
      for (const connection of open.slice(closed, due)) attempt(() => connection.close(close));
      closed = due;
      if (closed < open.length) await delay(STEP_MS);
    }
  }

  /** Closes all connections, and waits until they are gone. Always ends, whatever their sockets do. */
  async #closeAll(close: CloseFrame): Promise<void> {
    const { connections } = this.#parts;
    let check: () => void = () => undefined;
    const gone = new Promise<void>((resolve) => {
      check = () => {
        if (connections.size === 0) resolve();
      };
    });
    const off = connections.on('disconnect', check);
    await this.#closeSome([...connections], close, ALL);
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

/** A node that cannot leave counts as dead later. */
function ignore(): void {}

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
