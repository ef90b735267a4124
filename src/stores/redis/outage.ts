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

/** What does not answer: the one Redis, or the master of a partition. */
interface Away {
  pauses: number;
  waiting: number;
}

/**
 * Knows whether Redis answers, and lets everything that waits for it try again together. In a Redis Cluster each partition
 * answers for itself, since one master may be away and the others not: an outage lasts until all of them answer again.
 */
export class Outage {
  readonly #logger: Logger;
  readonly #isCluster: boolean;
  /** What does not answer, by the base of its keys; one for all without a Redis Cluster. */
  readonly #away = new Map<string, Away>();
  #since = 0;
  #answeredAt = 0;
  #retries = 0;
  readonly #waiting = new Set<() => void>();
  #isClosed = false;

  constructor(connection: RedisConnection, logger: Logger) {
    this.#logger = logger;
    this.#isCluster = connection.isCluster;
    connection.watch({ onReady: () => this.#release() });
  }

  /** Whether something does not answer. */
  get isOn(): boolean {
    return this.#away.size > 0;
  }

  /** How long nothing has answered since something failed, in milliseconds; 0 if everything answers. */
  get ms(): number {
    return this.isOn ? performance.now() - Math.max(this.#since, this.#answeredAt) : 0;
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

  /** A call was answered. */
  end(base: string): void {
    if (!this.isOn) return;
    const now = performance.now();
    this.#answeredAt = now;
    this.#away.delete(this.#placeOf(base));
    if (this.#away.size === 0) this.#logger.info({ ms: Math.round(now - this.#since) }, 'Redis answers again');
  }

  /** A master answers. That ends its outage if no call waits, which would show that its own answer is another one. */
  see(base: string): void {
    if (!this.isOn) return;
    this.#answeredAt = performance.now();
    const away = this.#away.get(this.#placeOf(base));
    if (away?.waiting === 0) this.end(base);
  }

  /** A call failed. */
  begin(base: string, error: unknown): void {
    const place = this.#placeOf(base);
    if (this.#away.has(place) || this.#isClosed) return;
    if (!this.isOn) {
      this.#since = performance.now();
      this.#logger.warn({ err: error }, 'Redis does not answer: writes wait');
    }
    this.#away.set(place, { pauses: 0, waiting: 0 });
  }

  /** Waits before the next attempt of a call that failed: until there is a connection again, or for a moment. */
  async pause(base: string): Promise<void> {
    this.#retries++;
    const away = this.#away.get(this.#placeOf(base)) ?? { pauses: 0, waiting: 0 };
    const ms = Math.min(FIRST_PAUSE_MS * 2 ** away.pauses++, LAST_PAUSE_MS) * (0.75 + Math.random() / 2);
    away.waiting++;
    await new Promise<void>((resolve) => {
      const goOn = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(goOn);
        resolve();
      };
      const timer = setTimeout(goOn, ms);
      this.#waiting.add(goOn);
    });
    away.waiting--;
  }

  close(): void {
    this.#isClosed = true;
    this.#release();
  }

  #placeOf(base: string): string {
    return this.#isCluster ? base : '';
  }

  #release(): void {
    for (const goOn of this.#waiting) goOn();
  }
}

export function unavailable(cause: unknown): AgentSocketError {
  return new AgentSocketError('store_unavailable', 'Redis does not answer', { cause });
}
