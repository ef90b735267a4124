import { AgentSocketError } from '../../protocol/agent-socket-error.js';
import type { Logger } from '../../runtime/logger.js';
import type { RedisConnection } from './redis-client.js';

/** First and longest pause before something is tried again, in milliseconds. */
const FIRST_PAUSE_MS = 50;
const LAST_PAUSE_MS = 500;
/** How long an outage may last before callers that can be refused are, in milliseconds. */
export const PATIENCE_MS = 5_000;

/**
 * Answers of a Redis that cannot do at present what it can do later, or whose password or user is being changed: nothing
 * was executed. It calls what comes without a password an error of the protocol if it is long.
 */
const REFUSALS =
  /(?:^|-)(?:(?:OOM|LOADING|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|READONLY|BUSY|MISCONF|NOREPLICAS|NOAUTH|WRONGPASS|NOPERM|DENIED) |ERR Protocol error: unauthenticated )/;
/** A script may have done a part of its work before a command that its user may not use at present. */
const NO_RIGHTS = /ACL failure|The user executing the script can't/;
/** Any other answer that is an error. */
const REPLY = /^[A-Z]{2,} /;

/** What an error of a call means: Redis could not do it now, the connection was lost, or the call itself is wrong. */
export type FaultKind = 'refused' | 'lost' | 'wrong';

export function kindOfFault(error: unknown): FaultKind {
  const message = error instanceof Error ? error.message : '';
  if (REFUSALS.test(message)) return 'refused';
  if (NO_RIGHTS.test(message)) return 'lost';
  return REPLY.test(message) ? 'wrong' : 'lost';
}

/** Whether Redis has no room, which takes longer than anybody should wait. */
export function isFull(error: unknown): boolean {
  return error instanceof Error && error.message.includes('OOM');
}

/** Knows whether Redis answers, and lets everything that waits for it try again together. */
export class Outage {
  readonly #logger: Logger;
  #since: number | undefined;
  #pauses = 0;
  #retries = 0;
  readonly #waiting = new Set<() => void>();
  #isClosed = false;

  constructor(connection: RedisConnection, logger: Logger) {
    this.#logger = logger;
    connection.watch({ onReady: () => this.#release() });
  }

  /** How long Redis has not answered, in milliseconds; 0 if it answers. */
  get ms(): number {
    return this.#since === undefined ? 0 : performance.now() - this.#since;
  }

  /** How often something waited before the next attempt. */
  get retries(): number {
    return this.#retries;
  }

  /** How many wait for the next attempt. */
  get waiting(): number {
    return this.#waiting.size;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Something was answered. */
  end(): void {
    if (this.#since === undefined) return;
    const ms = Math.round(this.ms);
    this.#since = undefined;
    this.#pauses = 0;
    this.#logger.info({ ms }, 'Redis answers again');
  }

  /** Something failed. */
  begin(error: unknown): void {
    if (this.#since !== undefined || this.#isClosed) return;
    this.#since = performance.now();
    this.#logger.warn({ err: error }, 'Redis does not answer: writes wait');
  }

  /** Waits before the next attempt: until there is a connection again, or for a moment. */
  async pause(): Promise<void> {
    this.#retries++;
    const ms = Math.min(FIRST_PAUSE_MS * 2 ** this.#pauses++, LAST_PAUSE_MS) * (0.75 + Math.random() / 2);
    await new Promise<void>((resolve) => {
      const goOn = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(goOn);
        resolve();
      };
      const timer = setTimeout(goOn, ms);
      this.#waiting.add(goOn);
    });
  }

  close(): void {
    this.#isClosed = true;
    this.#release();
  }

  #release(): void {
    for (const goOn of this.#waiting) goOn();
  }
}

export function unavailable(cause: unknown): AgentSocketError {
  return new AgentSocketError('store_unavailable', 'Redis does not answer', { cause });
}
