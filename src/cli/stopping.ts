import { constants } from 'node:os';
import type { Log } from './logging.js';

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** However clients behave, the process is gone this long after the first signal, in milliseconds. */
const LAST_RESORT_MS = 10_000;

/**
 * Ends the process in order at the first SIGINT or SIGTERM, with code 0, and at once at the second one,
 * with the code a shell gives such an end.
 */
export function stopOnSignals({ logger, flush }: Log, close: (signal: string) => Promise<void>): void {
  let stopping = false;
  const end = (code: number): never => {
    flush();
    process.exit(code);
  };
  const stop = async (signal: (typeof SIGNALS)[number]): Promise<void> => {
    if (stopping) {
      logger.warn({ signal }, 'Stopped at once by a second signal');
      end(128 + constants.signals[signal]);
    }
    stopping = true;
    setTimeout(() => {
      logger.warn({}, 'Stopped with connections that did not close in time');
      end(0);
    }, LAST_RESORT_MS);
    await close(signal);
    logger.info({}, 'Stopped');
    end(0);
  };
  for (const signal of SIGNALS) process.on(signal, () => void stop(signal));
}

/** After an error nobody handled the state of the process is unknown: it is logged and the process ends with code 1. */
export function reportCrashes({ logger, flush }: Log): void {
  process.on('uncaughtException', (error, origin) => {
    logger.fatal({ err: error, origin }, 'The process ends after an error that nobody handled');
    flush();
    process.exit(1);
  });
}
