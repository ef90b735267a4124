import type { Logger } from './logger.js';

/** Maximum number of lines of one kind within {@link WINDOW_MS}. */
const MAX_LINES = 10;

const WINDOW_MS = 60_000;

/** The lines of one kind in the current window. */
interface Window {
  since: number;
  lines: number;
  leftOut: number;
}

/**
 * Writes log lines that strangers can cause: at most ten a minute of each kind, so that a flood of requests does not
 * flood the log. The next line says in `leftOut` how many lines were dropped.
 */
export class BoundedLog {
  readonly #logger: Logger;
  readonly #now: () => number;
  readonly #windows = new Map<string, Window>();

  constructor(logger: Logger, now: () => number = () => performance.now()) {
    this.#logger = logger;
    this.#now = now;
  }

  /** @param kind - one of a few fixed names: each has its own ten lines. */
  write(
    level: 'info' | 'warn' | 'error',
    kind: string,
    fields: Readonly<Record<string, unknown>>,
    message: string,
  ): void {
    const now = this.#now();
    let window = this.#windows.get(kind);
    if (window === undefined || now - window.since >= WINDOW_MS) {
      const leftOut = window?.leftOut ?? 0;
      this.#windows.set(kind, (window = { since: now, lines: 0, leftOut: 0 }));
      if (leftOut > 0) fields = { ...fields, leftOut };
    }
    if (++window.lines > MAX_LINES) window.leftOut++;
    else this.#logger[level](fields, message);
  }
}
