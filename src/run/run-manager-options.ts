import { DETACH_GRACE, type DetachOption } from '../runtime/detach-option.js';
import { LOGGER, type LoggerOption } from '../runtime/logger-option.js';
import type { OptionTable } from '../runtime/option-table.js';
import { methods, milliseconds, size } from '../runtime/rule.js';
import type { RunStore } from '../store/run-store.js';
import { aRunStore } from '../store/store-rules.js';
import type { RunExecutor } from './run-executor.js';

/** What a `RunManager` takes. */
export interface RunManagerOptions extends DetachOption, LoggerOption {
  /** Does the work of the runs. */
  executor: RunExecutor;
  /** Where run logs are kept. */
  store: RunStore;
  /**
   * How long a run may last. In milliseconds; then it is cancelled with reason `max_duration`.
   * @default 600000
   */
  maxRunMs?: number | undefined;
  /**
   * Output of one run. In bytes, encoded; above it the run ends with `output_too_large`.
   * @default 16777216
   */
  maxRunBytes?: number | undefined;
  /**
   * What all runs in progress hold: questions and output. In bytes, encoded; above it new runs get `too_many_runs` and the
   * largest one ends with `output_too_large`.
   * @default 268435456
   */
  maxLogBytes?: number | undefined;
}

export const RUN_OPTIONS = {
  executor: {
    text: 'Does the work of the runs.',
    rule: methods('a RunExecutor, such as an AgentExecutor', ['check', 'execute']),
    required: true,
  },
  store: {
    text: 'Where run logs are kept.',
    rule: aRunStore,
    required: true,
  },
  maxRunMs: { text: 'How long a run may last.', rule: milliseconds(1), default: 600_000 },
  maxRunBytes: { text: 'Output of one run.', rule: size(1), default: 16_777_216 },
  maxLogBytes: {
    text: 'What all runs in progress hold: questions and output.',
    rule: size(1),
    default: 268_435_456,
  },
  detachGraceMs: DETACH_GRACE,
  logger: LOGGER,
} as const satisfies OptionTable<RunManagerOptions>;
