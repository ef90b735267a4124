import type { KnownOptions } from '../runtime/unknown-option.js';
import type { Logger } from '../runtime/logger.js';
import type { RunExecutor } from './run-executor.js';
import type { RunStore } from '../store/run-store.js';

/** What a `RunManager` takes. */
export interface RunManagerOptions {
  /** Does the work of the runs. */
  executor: RunExecutor;
  /**
   * How long a run may last, in milliseconds; then it is cancelled with reason `max_duration`.
   * @default 600000
   */
  maxRunMs?: number | undefined;
  /**
   * Encoded output of one run, in bytes; over it the run ends with `output_too_large`.
   * @default 16777216
   */
  maxRunBytes?: number | undefined;
  /**
   * What all runs in progress hold, in bytes: what was asked, and encoded output. Over it new ones get `too_many_runs` and the largest ends with `output_too_large`.
   * @default 268435456
   */
  maxLogBytes?: number | undefined;
  /**
   * Under load, the least time between two chunks of a run, in milliseconds; text that arrives between them travels together.
   * @default 35
   */
  coalesceMs?: number | undefined;
  /**
   * How long a run goes on without a reader, in milliseconds, where its last reader can come back; then it is
   * cancelled with reason `abandoned`. A run that waits for an approval is not timed.
   * @default 60000
   */
  detachGraceMs?: number | undefined;
  /** Where run logs are kept. */
  store: RunStore;
  /** @default warnings and errors on the console; `false` for none */
  logger?: Logger | false | undefined;
}

/** The names of {@link RunManagerOptions}. */
export const RUN_MANAGER_OPTIONS: KnownOptions<RunManagerOptions> = {
  executor: true,
  maxRunMs: true,
  maxRunBytes: true,
  maxLogBytes: true,
  coalesceMs: true,
  detachGraceMs: true,
  store: true,
  logger: true,
};
