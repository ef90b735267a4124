import type { Principal } from '../connection/principal.js';
import type { RunRequest } from '../protocol/client-messages.js';
import { DETACH_GRACE, type DetachOption } from '../runtime/detach-option.js';
import { LOGGER, type LoggerOption } from '../runtime/logger-option.js';
import type { OptionTable } from '../runtime/option-table.js';
import { aFunction, integer, methods, milliseconds, number, size } from '../runtime/rule.js';
import type { RunStore } from '../store/run-store.js';
import type { Cluster } from '../store/cluster.js';
import { aCluster, aRunStore, aWorkQueue } from '../store/store-rules.js';
import type { WorkQueue } from '../store/work-queue.js';
import type { RunExecutor } from './run-executor.js';

/** See {@link RunManagerOptions.beforeRun}. */
export type BeforeRun<P extends Principal = Principal> = (
  this: void,
  principal: P,
  request: RunRequest,
) => void | Promise<void>;

/** What a `RunManager` takes. */
export interface RunManagerOptions extends DetachOption, LoggerOption {
  /** Does the work of the runs. */
  executor: RunExecutor;
  /** Where run logs are kept. */
  store: RunStore;
  /**
   * The other processes that work with the store.
   * @default none
   */
  cluster?: Cluster | undefined;
  /**
   * The line of runs that wait for workers: runs that are asked for here are executed there. Needs a cluster.
   * @default none: this process executes the runs that are asked for here
   */
  queue?: WorkQueue | undefined;
  /**
   * Runs of all nodes that wait in `queue`. One more gets `too_many_runs`.
   * @default 10000
   */
  maxQueued?: number | undefined;
  /**
   * Asks whether a principal may have one more run, for quotas and bills. Called once for each new run, after the limits
   * were checked and before its id is claimed; a repeated request is not asked for. A returned promise holds back later
   * requests of the connection. Throwing (or rejecting) an `AgentSocketError`, such as `rate_limited` with `retryAfterMs` or
   * `forbidden`, refuses the request with that error, anything else with `internal_error`, as do a promise that takes
   * longer than 10 s and a returned `false`.
   * @default every run is allowed
   */
  beforeRun?: BeforeRun | undefined;
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
  /**
   * Runs in progress or in line of one owner, whether a client reads them or not. One more gets `too_many_runs`. Clients
   * that share the anonymous owner are limited by {@link maxRunsPerAddress} alone.
   * @default 64
   */
  maxRunsPerOwner?: number | undefined;
  /**
   * Runs in progress or in line of the clients of one address. One more gets `too_many_runs`. An IPv6 address counts with
   * its /64 network; behind a proxy, set `trustedProxies`, or all clients have the address of the proxy.
   * @default 128
   */
  maxRunsPerAddress?: number | undefined;
  /**
   * Share of `maxLogBytes` that the runs of one owner hold. In bytes; above it new runs of the owner get `too_many_runs` and
   * its largest one ends with `output_too_large`.
   * @default a quarter of `maxLogBytes`
   */
  maxLogBytesPerOwner?: number | undefined;
  /**
   * Share of `maxLogBytes` that the runs of the clients of one address hold. In bytes; above it as for an owner.
   * @default half of `maxLogBytes`
   */
  maxLogBytesPerAddress?: number | undefined;
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
  cluster: { text: 'The other processes that work with the store.', rule: aCluster, defaultText: 'none' },
  queue: {
    text: 'The line of runs that wait for workers: runs that are asked for here are executed there.',
    rule: aWorkQueue,
    defaultText: 'none: this process executes the runs that are asked for here',
  },
  maxQueued: {
    text: 'Runs of all nodes that wait in `queue`. One more gets `too_many_runs`.',
    rule: integer(1),
    default: 10_000,
  },
  beforeRun: {
    text: 'Asks whether a principal may have one more run, for quotas and bills.',
    rule: aFunction,
    defaultText: 'every run is allowed',
  },
  maxRunMs: { text: 'How long a run may last.', rule: milliseconds(1), default: 600_000 },
  maxRunBytes: { text: 'Output of one run.', rule: size(1), default: 16_777_216 },
  maxLogBytes: {
    text: 'What all runs in progress hold: questions and output.',
    rule: size(1),
    default: 268_435_456,
  },
  maxRunsPerOwner: {
    text: 'Runs in progress or in line of one owner, whether a client reads them or not.',
    rule: number({ least: 1 }),
    default: 64,
  },
  maxRunsPerAddress: {
    text: 'Runs in progress or in line of the clients of one address.',
    rule: number({ least: 1 }),
    default: 128,
  },
  maxLogBytesPerOwner: {
    text: 'Share of `maxLogBytes` that the runs of one owner hold.',
    rule: size(1),
    defaultText: 'a quarter of `maxLogBytes`',
  },
  maxLogBytesPerAddress: {
    text: 'Share of `maxLogBytes` that the runs of the clients of one address hold.',
    rule: size(1),
    defaultText: 'half of `maxLogBytes`',
  },
  detachGraceMs: DETACH_GRACE,
  logger: LOGGER,
} as const satisfies OptionTable<RunManagerOptions>;
