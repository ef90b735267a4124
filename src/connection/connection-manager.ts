import { randomUUID } from 'node:crypto';
import { checkKnownOptions } from '../runtime/check-known-options.js';
import { checkNumber, MAX_DELAY_MS } from '../runtime/check-number.js';
import { OptionError } from '../runtime/option-error.js';
import type { KnownOptions } from '../runtime/unknown-option.js';
import { TypedEmitter } from '../runtime/typed-emitter.js';
import type { Logger } from '../runtime/logger.js';
import { CLOSE_CODES } from '../protocol/close-codes.js';
import { encodeMessage } from '../protocol/encode.js';
import type { CustomMessage, ServerMessage, ServerMessageOf } from '../protocol/server-messages.js';
import { LIMITS, SUBPROTOCOL } from '../protocol/version.js';
import type { CloseFrame } from './close-frame.js';
import { Connection, type ConnectionInfo, type ConnectionOwner } from './connection.js';
import { Heartbeat } from './heartbeat.js';
import type { Principal } from './principal.js';
import type { Socket } from './socket.js';
import { describeConnection, type ConnectionStatistics } from './statistics.js';

/** What {@link ConnectionManager} takes. */
export interface ConnectionManagerOptions {
  /**
   * Connections at the same time.
   * @default 1000
   */
  maxConnections?: number | undefined;
  /**
   * How often a silent connection is pinged, in milliseconds. A dead one is gone after this and min(this, 10 s).
   * @default 30000
   */
  heartbeatIntervalMs?: number | undefined;
  /**
   * How long a connection may leave its buffer above the mark before it is closed with 4508, in milliseconds.
   * @default 30000
   */
  slowConsumerMs?: number | undefined;
  /**
   * Identity of the store behind the runs, told to every client.
   * @default a new UUID
   */
  epoch?: string | undefined;
  /**
   * Bytes in one incoming message, told to every client.
   * @default 1048576
   */
  maxMessageBytes?: number | undefined;
  /**
   * Runs in progress on one connection, told to every client.
   * @default 16
   */
  maxRunsPerConnection?: number | undefined;
  /**
   * How long a run goes on without a reader, in milliseconds, told to every client.
   * @default 60000
   */
  detachGraceMs?: number | undefined;
  /**
   * Which attachments a question may have, told to every client: what an `AgentExecutor` says.
   * @default none
   */
  attachments?: AttachmentLimits | undefined;
  /** @default warnings and errors on the console; `false` for none */
  logger?: Logger | false | undefined;
}

/** Which attachments a question may have. */
export interface AttachmentLimits {
  readonly mediaTypes: readonly string[];
  /** Of one. */
  readonly maxBytes: number;
  readonly maxCount: number;
  /** Whether an address may stand in place of the bytes. */
  readonly urls: boolean;
}

/** The names of {@link ConnectionManagerOptions}. */
export const CONNECTION_MANAGER_OPTIONS: KnownOptions<ConnectionManagerOptions> = {
  maxConnections: true,
  heartbeatIntervalMs: true,
  slowConsumerMs: true,
  epoch: true,
  maxMessageBytes: true,
  maxRunsPerConnection: true,
  detachGraceMs: true,
  attachments: true,
  logger: true,
};

/** Events of a {@link ConnectionManager}. */
export interface ConnectionEvents<P extends Principal, Metadata> {
  /** A connection was accepted and has been told so. */
  connect: [connection: Connection<P, Metadata>];
  /**
   * A message arrived, not yet decoded: a string for a text frame, bytes for a binary one. Listeners are called in the
   * order they were added; that of `createAgentSocketServer` is the first.
   */
  message: [connection: Connection<P, Metadata>, data: string | Uint8Array];
  /** A connection is gone. */
  disconnect: [connection: Connection<P, Metadata>, close: { code: number; reason: string }];
}

/** A place among `maxConnections`, taken before a handshake waits for anything. */
export interface Slot {
  /** Gives the place back. Does nothing the second time, or once a connection took it over. */
  readonly release: () => void;
}

/**
 * The connections of a server: accepts sockets, greets them, finds dead ones, counts, and broadcasts.
 * Works over any {@link Socket}; hand what its `message` event says to a `MessageHandler`.
 */
export class ConnectionManager<P extends Principal = Principal, Metadata = unknown>
  extends TypedEmitter<ConnectionEvents<P, Metadata>>
  implements Iterable<Connection<P, Metadata>>
{
  readonly maxConnections: number;
  readonly epoch: string;
  readonly #connections = new Map<string, Connection<P, Metadata>>();
  readonly #heartbeat: Heartbeat;
  readonly #limits: ServerMessageOf<'connected'>['limits'];
  /** What the connections call. */
  readonly #owner: ConnectionOwner = {
    onMessage: (connection, data) => {
      this.#totalMessages++;
      this.emit('message', connection as Connection<P, Metadata>, data);
    },
    onClosed: (connection, code, reason) => {
      this.#heartbeat.remove(connection);
      if (this.#connections.delete(connection.id)) {
        this.emit('disconnect', connection as Connection<P, Metadata>, { code, reason });
      }
    },
  };
  #reserved = 0;
  #totalConnections = 0;
  #totalMessages = 0;

  /** @throws OptionError where an option breaks its rule. */
  constructor(options: ConnectionManagerOptions = {}) {
    super(options.logger);
    checkKnownOptions(options, CONNECTION_MANAGER_OPTIONS);
    const { maxConnections = 1_000, heartbeatIntervalMs = 30_000, slowConsumerMs = 30_000 } = options;
    const { detachGraceMs = 60_000, maxMessageBytes = LIMITS.messageBytes, maxRunsPerConnection = 16 } = options;
    checkNumber('detachGraceMs', detachGraceMs, { least: 0, most: MAX_DELAY_MS });
    this.maxConnections = checkNumber('maxConnections', maxConnections, { least: 1, integer: true });
    checkNumber('heartbeatIntervalMs', heartbeatIntervalMs, { least: 10, most: MAX_DELAY_MS });
    checkNumber('slowConsumerMs', slowConsumerMs, { least: 1, most: MAX_DELAY_MS });
    const { epoch = randomUUID() } = options;
    if (typeof epoch !== 'string' || epoch === '') throw new OptionError('epoch', 'a string that is not empty', epoch);
    this.epoch = epoch;
    this.#limits = {
      message_bytes: checkNumber('maxMessageBytes', maxMessageBytes, { least: 1, integer: true }),
      runs: checkNumber('maxRunsPerConnection', maxRunsPerConnection, { least: 1, integer: true }),
      heartbeat_seconds: heartbeatIntervalMs / 1000,
      detach_seconds: detachGraceMs / 1000,
      attachments: attachmentLimits(options.attachments),
    };
    this.#heartbeat = new Heartbeat({
      intervalMs: heartbeatIntervalMs,
      slowConsumerMs,
      onDead: (connection) => {
        this.logger.info({ connectionId: connection.id }, 'Connection does not answer');
        connection.terminate();
      },
    });
  }

  /** Connections now. */
  get size(): number {
    return this.#connections.size;
  }

  /** Whether every place is taken, by connections or by handshakes in progress. */
  get isFull(): boolean {
    return this.#connections.size + this.#reserved >= this.maxConnections;
  }

  /** Takes a place for a handshake that is about to wait for something; `undefined` where none is free. */
  reserve(): Slot | undefined {
    if (this.isFull) return undefined;
    this.#reserved++;
    let held = true;
    return {
      release: () => {
        if (held) this.#reserved--;
        held = false;
      },
    };
  }

  /**
   * Makes a connection of a socket and greets it with `connected`.
   * @param slot - the place reserved for it; without one a free place is needed.
   * @returns `undefined` where no place was free: the socket was closed with 1013.
   */
  connect(socket: Socket, info: ConnectionInfo<P, Metadata>, slot?: Slot): Connection<P, Metadata> | undefined {
    slot?.release();
    if (this.isFull) {
      socket.close(CLOSE_CODES.overCapacity.code, CLOSE_CODES.overCapacity.reason);
      return undefined;
    }
    const connection = new Connection(socket, info, this.#owner);
    this.#connections.set(connection.id, connection);
    this.#totalConnections++;
    this.#heartbeat.add(connection);
    connection.sendMessage({
      type: 'connected',
      connection_id: connection.id,
      message: 'Connected to Agent WebSocket',
      protocol: SUBPROTOCOL,
      epoch: this.epoch,
      principal_id: info.principal.id,
      limits: this.#limits,
    });
    this.emit('connect', connection);
    return connection;
  }

  /** Closes a connection, as {@link Connection.close} does. Returns whether it was there. */
  disconnect(id: string, close: CloseFrame = CLOSE_CODES.normal): boolean {
    const connection = this.#connections.get(id);
    connection?.close(close);
    return connection !== undefined;
  }

  /** Sends a message to one connection. Returns whether it was there and open. */
  sendMessage(id: string, message: ServerMessage | CustomMessage): boolean {
    return this.#connections.get(id)?.sendMessage(message) ?? false;
  }

  /**
   * Sends a message to every connection, or to those `filter` accepts, encoded once.
   * @returns how many it went to.
   */
  broadcast(message: ServerMessage | CustomMessage, filter?: (connection: Connection<P, Metadata>) => boolean): number {
    const encoded = new TextEncoder().encode(encodeMessage(message));
    let sent = 0;
    for (const connection of this.#connections.values()) {
      if (filter !== undefined && !filter(connection)) continue;
      if (connection.sendEncoded(encoded)) sent++;
    }
    return sent;
  }

  get(id: string): Connection<P, Metadata> | undefined {
    return this.#connections.get(id);
  }

  [Symbol.iterator](): IterableIterator<Connection<P, Metadata>> {
    return this.#connections.values();
  }

  /** What `GET /ws/statistics` answers. */
  statistics(): ConnectionStatistics {
    const nowMs = Date.now();
    return {
      active_connections: this.#connections.size,
      total_connections: this.#totalConnections,
      total_messages: this.#totalMessages,
      connections: Array.from(this.#connections.values(), (connection) => describeConnection(connection, nowMs)),
    };
  }
}

function attachmentLimits(limits: AttachmentLimits | undefined): ServerMessageOf<'connected'>['limits']['attachments'] {
  if (limits === undefined) return undefined;
  const { mediaTypes, maxBytes, maxCount, urls } = limits;
  return { media_types: [...mediaTypes], max_bytes: maxBytes, max_count: maxCount, urls };
}
