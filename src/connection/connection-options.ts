import { aFunction, anObject, delay, integer, number, text } from '../runtime/rule.js';
import { DETACH_GRACE, type DetachOption } from '../runtime/detach-option.js';
import { LOGGER, type LoggerOption } from '../runtime/logger-option.js';
import type { OptionTable } from '../runtime/option-table.js';
import { LIMITS } from '../protocol/version.js';

/** What a `ConnectionManager` takes. */
export interface ConnectionManagerOptions extends DetachOption, LoggerOption {
  /**
   * Connections at the same time.
   * @default 1000
   */
  maxConnections?: number | undefined;
  /**
   * How often a silent connection is pinged. In milliseconds; a dead connection is closed after this and min(this, 10 s).
   * @default 30000
   */
  heartbeatIntervalMs?: number | undefined;
  /**
   * How long a client that reads too slowly keeps its connection. In milliseconds; then it is closed with code 4508.
   * @default 30000
   */
  slowConsumerMs?: number | undefined;
  /**
   * How long before its credentials end a client is told to renew them. In milliseconds, and at most half of the time that
   * is left when the connection begins.
   * @default 30000
   */
  authExpiringMs?: number | undefined;
  /**
   * Identity of the store behind the runs, told to every client.
   * @default a new UUID
   */
  epoch?: string | undefined;
  /**
   * The same for each owner, if a part of the store can be lost by itself. Called once for each connection.
   * @default every owner has `epoch`
   */
  epochOf?: ((owner: string) => string) | undefined;
  /**
   * The node of a cluster that has the connections, told to every client.
   * @default none
   */
  nodeId?: string | undefined;
  /**
   * Size of one incoming message. In bytes, told to every client; above it the connection is closed with code 1009.
   * @default 1048576
   */
  maxMessageBytes?: number | undefined;
  /**
   * Runs in progress that one connection started or resumed. Told to every client; one more gets `too_many_runs`.
   * Runs that it reads because it watches a conversation or is in a room do not count.
   * @default 16
   */
  maxRunsPerConnection?: number | undefined;
  /**
   * Which attachments a question may have, told to every client: what an `AgentExecutor` says.
   * @default none
   */
  attachments?: AttachmentLimits | undefined;
}

/** Limits of the attachments of a question. */
export interface AttachmentLimits {
  readonly mediaTypes: readonly string[];
  /** Size of one attachment. */
  readonly maxBytes: number;
  readonly maxCount: number;
  /** Whether an address is allowed in place of bytes. */
  readonly urls: boolean;
}

export const CONNECTION_OPTIONS = {
  maxConnections: { text: 'Connections at the same time.', rule: integer(1), default: 1_000 },
  heartbeatIntervalMs: { text: 'How often a silent connection is pinged.', rule: delay(10), default: 30_000 },
  slowConsumerMs: {
    text: 'How long a client that reads too slowly keeps its connection.',
    rule: delay(1),
    default: 30_000,
  },
  authExpiringMs: {
    text: 'How long before its credentials end a client is told to renew them.',
    rule: delay(0),
    default: 30_000,
  },
  epoch: {
    text: 'Identity of the store behind the runs, told to every client.',
    rule: text('a string that is not empty', (epoch) => epoch !== ''),
    defaultText: 'a new UUID',
  },
  epochOf: {
    text: 'The same for each owner, if a part of the store can be lost by itself.',
    rule: aFunction,
    defaultText: 'every owner has `epoch`',
  },
  nodeId: {
    text: 'The node of a cluster that has the connections, told to every client.',
    rule: text('a string that is not empty', (id) => id !== ''),
    defaultText: 'none',
  },
  maxMessageBytes: {
    text: 'Size of one incoming message.',
    // ws reads the limit as a signed 32-bit integer: a larger number would mean no limit.
    rule: number({ least: 1_024, most: 2_147_483_647, integer: true }, 'bytes'),
    default: LIMITS.messageBytes,
  },
  maxRunsPerConnection: {
    text: 'Runs in progress that one connection started or resumed.',
    rule: integer(1),
    default: 16,
  },
  detachGraceMs: DETACH_GRACE,
  attachments: {
    text: 'Which attachments a question may have, told to every client: what an `AgentExecutor` says.',
    rule: anObject,
    defaultText: 'none',
  },
  logger: LOGGER,
} as const satisfies OptionTable<ConnectionManagerOptions>;
