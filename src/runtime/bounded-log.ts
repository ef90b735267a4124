import type { Logger } from './logger.js';

/** Lines of one kind within {@link WINDOW_MS}. */
const MAX_LINES = 10;

const WINDOW_MS = 60_000;

/** What was written of one kind in the current window. */
interface Window {
  since: number;
  lines: number;
  leftOut: number;
}

/**
 * Writes lines that any stranger can cause: at most ten a minute of each kind, so that a flood of requests is no flood of
 * lines. The first line after that says in `leftOut` how many were not written.
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
  write(level: 'info' | 'warn', kind: string, fields: Readonly<Record<string, unknown>>, message: string): void {
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
