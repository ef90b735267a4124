import { constants } from 'node:os';
import { MAX_DELAY_MS } from '../runtime/check-number.js';
import { within } from '../runtime/within.js';
import type { Log } from './logging.js';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

type Signal = (typeof SIGNALS)[number];

/** Maximum time for the end of the process besides the time that it gives its runs, whatever clients do, in milliseconds. */
const LAST_RESORT_MS = 5_000;

/** How long the last lines may take to leave the process, in milliseconds: a pipe may be full. */
const LAST_LINES_MS = 500;

/**
 * Ends the process in order at the first SIGINT or SIGTERM, with code 0, and at once at the second one, with the code
 * that a shell gives such an end. SIGHUP does the same if it means that the terminal was closed; otherwise it comes
 * from log rotation, or from the end of a shell that a service outlives.
 * @param ms - how long `close` waits for runs, in milliseconds
 */
export function stopOnSignals(
  { logger, flush, reopen }: Log,
  ms: number,
  close: (signal: string) => Promise<void>,
): void {
  let stopping = false;
  const end = (code: number): never => {
    flush();
    process.exit(code);
  };
  const stop = async (signal: Signal): Promise<void> => {
    if (stopping) {
      logger.warn({ signal }, 'Stopped at once by a second signal');
      end(128 + constants.signals[signal]);
    }
    stopping = true;
    setTimeout(
      () => {
        logger.warn({}, 'Stopped with connections that did not close in time');
        end(0);
      },
      Math.min(ms + LAST_RESORT_MS, MAX_DELAY_MS),
    );
    await close(signal);
    logger.info({}, 'Stopped');
    await within(LAST_LINES_MS, new Promise((resolve) => process.stdout.write('', resolve)));
    end(0);
  };
  const hangUp = (): void => {
    reopen();
    logger.info({ signal: 'SIGHUP' }, 'Going on; the log file, if there is one, was opened anew');
  };
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      if (signal === 'SIGHUP' && !process.stdout.isTTY) hangUp();
      else void stop(signal);
    });
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
