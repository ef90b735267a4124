import type { ConnectionManager } from './connection/connection-manager.js';
import type { CloseFrame } from './connection/close-frame.js';
import type { Connection } from './connection/connection.js';
import type { Principal } from './connection/principal.js';
import { checkKnownOptions } from './runtime/check-known-options.js';
import { checkNumber, MAX_DELAY_MS } from './runtime/check-number.js';
import { OptionError } from './runtime/option-error.js';
import type { KnownOptions } from './runtime/unknown-option.js';
import { CLOSE_CODES } from './protocol/close-codes.js';
import type { MessageHandler } from './message/message-handler.js';
import type { RunManager } from './run/run-manager.js';
import { within } from './runtime/within.js';

const CLOSE_CODE_NAMES = ['goingAway', 'draining'] as const;

/** How the service ends. */
export interface CloseOptions {
  /**
   * How long runs in progress may go on, in milliseconds; the rest ends with `run_interrupted`.
   * @default 0
   */
  drainMs?: number | undefined;
  /**
   * Which close code clients see: `goingAway` (1001) where the embedder ends the service, `draining` (1012) where it
   * restarts. Both tell them to come back.
   * @default 'goingAway'
   */
  closeCode?: (typeof CLOSE_CODE_NAMES)[number] | undefined;
}

const CLOSE_OPTIONS: KnownOptions<CloseOptions> = { drainMs: true, closeCode: true };

/** Connections closed at once; the next follow in the next step. */
const CLOSES_PER_STEP = 100;

/** Time between two steps, in milliseconds. */
const STEP_MS = 20;

/** How long the last messages may take to reach clients that read slowly, in milliseconds. */
const LAST_MESSAGES_MS = 1_000;

/** How long all of them may take to close, in milliseconds: longer than the socket's own limit. */
const CLOSING_MS = 3_000;

/** Clients come back spread over this time, in milliseconds, so that they do not arrive all at once. */
const RECONNECT_SPREAD_MS = 2_000;

/** What {@link Shutdown} ends. */
export interface ShutdownParts<P extends Principal, Metadata> {
  readonly connections: ConnectionManager<P, Metadata>;
  readonly messages: MessageHandler<P, Metadata>;
  readonly runs: RunManager;
  /** Stops taking handshakes, and refuses those that wait. */
  readonly detach: () => void;
}

/** The end of a service: begun once, shared by everybody who asks for it. */
export class Shutdown<P extends Principal, Metadata> {
  readonly #parts: ShutdownParts<P, Metadata>;
  /** When clients may come back, on the monotonic clock. */
  #backAt: number | undefined;
  #done: Promise<void> | undefined;

  constructor(parts: ShutdownParts<P, Metadata>) {
    this.#parts = parts;
  }

  /** Seconds after which a new connection may be tried again, at least 1; `undefined` as long as it is not refused. */
  get retryAfter(): number | undefined {
    if (this.#backAt === undefined) return undefined;
    return Math.max(1, Math.ceil((this.#backAt - performance.now()) / 1_000));
  }

  /** @throws OptionError where an option breaks its rule; nothing has begun then. */
  begin(options: CloseOptions = {}): Promise<void> {
    checkKnownOptions(options, CLOSE_OPTIONS);
    const { drainMs = 0, closeCode = 'goingAway' } = options;
    checkNumber('drainMs', drainMs, { least: 0, most: MAX_DELAY_MS });
    if (!CLOSE_CODE_NAMES.includes(closeCode)) {
      throw new OptionError('closeCode', CLOSE_CODE_NAMES.map((name) => `"${name}"`).join(' or '), closeCode);
    }
    this.#backAt ??= performance.now() + drainMs;
    return (this.#done ??= this.#run(drainMs, CLOSE_CODES[closeCode]));
  }

  async #run(drainMs: number, close: CloseFrame): Promise<void> {
    const { connections, messages, runs, detach } = this.#parts;
    // The caller's other listeners run first: new connections are refused from here on.
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

  /** Closes all connections, some at a time, and waits until they are gone. Ends however their sockets behave. */
  async #closeAll(close: CloseFrame): Promise<void> {
    const { connections } = this.#parts;
    let check: () => void = () => undefined;
    const gone = new Promise<void>((resolve) => {
      check = () => {
        if (connections.size === 0) resolve();
      };
    });
    const off = connections.on('disconnect', check);
    let left = CLOSES_PER_STEP;
    for (const connection of [...connections]) {
      attempt(() => connection.close(close));
      if (--left > 0) continue;
      await delay(STEP_MS);
      left = CLOSES_PER_STEP;
    }
    check();
    await within(CLOSING_MS, gone);
    // Only a socket of another make, which breaks its contract, is still here.
    for (const connection of [...connections]) attempt(() => connection.terminate());
    check();
    await within(STEP_MS, gone);
    off();
  }
}

/** A socket that throws must not keep the others, nor the end, from their turn. */
function attempt(task: () => void): void {
  try {
    task();
  } catch {
    // It is terminated at the end of its time, and then it is let go.
  }
}

/** Resolves when every connection has been sent all there is of the runs it reads. */
async function allRead<P extends Principal, Metadata>(
  messages: MessageHandler<P, Metadata>,
  connections: readonly Connection<P, Metadata>[],
): Promise<void> {
  while (connections.some((connection) => connection.isOpen && messages.isBehind(connection))) await delay(STEP_MS);
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
