import { constants } from 'node:os';
import { MAX_DELAY_MS } from '../runtime/check-number.js';
import { within } from '../runtime/within.js';
import type { Log } from './logging.js';

/** Maximum time for the end of the process besides the time that it gives its runs, whatever clients do, in milliseconds. */
const LAST_RESORT_MS = 5_000;

/** How long the last lines may take to leave the process, in milliseconds: a pipe may be full. */
const LAST_LINES_MS = 500;

/** What {@link Stopping} takes. */
export interface StoppingOptions {
  /** How long {@link close} may wait for runs, in milliseconds. */
  readonly ms: number;
  /** Ends the work in order. */
  readonly close: (signal: string) => Promise<void>;
  /** Ends the work at once, before the process ends. */
  readonly abandon?: (signal: NodeJS.Signals) => Promise<void>;
}

/** The end of the process: in order, with code 0, or at once, with the code that a shell gives such an end. */
export class Stopping {
  readonly #log: Pick<Log, 'logger' | 'flush'>;
  readonly #options: StoppingOptions;
  #hasBegun = false;
  #hadSignal = false;

  constructor(log: Pick<Log, 'logger' | 'flush'>, options: StoppingOptions) {
    this.#log = log;
    this.#options = options;
  }

  /** The first signal ends the process in order, the second one at once. */
  onSignal(signal: NodeJS.Signals): void {
    if (this.#hadSignal) void this.end(signal);
    this.#hadSignal = true;
    this.begin(signal);
  }

  /** Ends the process in order; once. */
  begin(signal: string): void {
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    void this.#stop(signal);
  }

  /** Ends the process at once. */
  async end(signal: NodeJS.Signals): Promise<never> {
    this.#log.logger.warn({ signal }, 'Stopped at once by a second signal');
    this.#log.flush();
    await this.#options.abandon?.(signal);
    return this.#exit(128 + constants.signals[signal]);
  }

  async #stop(signal: string): Promise<void> {
    const { logger } = this.#log;
    const { ms, close } = this.#options;
    const lastResort = (): void => {
      logger.warn({}, 'Stopped with connections that did not close in time');
      this.#exit(0);
    };
    setTimeout(lastResort, Math.min(ms + LAST_RESORT_MS, MAX_DELAY_MS));
    await close(signal);
    logger.info({}, 'Stopped');
    this.#log.flush();
    await within(LAST_LINES_MS, new Promise((resolve) => process.stdout.write('', resolve)));
    this.#exit(0);
  }

  #exit(code: number): never {
    this.#log.flush();
    process.exit(code);
  }
}

/**
 * What the process does at SIGINT, SIGTERM and SIGHUP. Made when the process starts: the system keeps a signal from the
 * first process of a container if that does not listen for it.
 */
export class Signals {
  #stopping: Stopping | undefined;
  #onHangUp: (() => void) | undefined;
  #wasHungUp = false;

  constructor() {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => this.#on(signal));
  }

  /** The process has started: from here on it ends in order. */
  started(stopping: Stopping, onHangUp: () => void): void {
    this.#stopping = stopping;
    this.#onHangUp = onHangUp;
    if (this.#wasHungUp) onHangUp();
  }

  #on(signal: NodeJS.Signals): void {
    // SIGHUP means that the terminal was closed, or comes from log rotation or from the end of a shell that a service outlives.
    if (signal === 'SIGHUP' && !process.stdout.isTTY) {
      this.#wasHungUp = true;
      this.#onHangUp?.();
    } else if (this.#stopping !== undefined) this.#stopping.onSignal(signal);
    // Nothing is served yet.
    else process.exit(0);
  }
}

/**
 * After an unhandled error the state of the process is unknown: the error is logged and the process ends with code 1.
 */
export function reportCrashes({ logger, flush }: Log): void {
  process.on('exit', flush);
  process.on('uncaughtException', (error, origin) => {
    logger.fatal({ err: error, origin }, 'The process ends after an error that nobody handled');
    flush();
    process.exit(1);
  });
}
