import { randomUUID } from 'node:crypto';
import { OptionError } from '../runtime/option-error.js';
import { checkOptions } from '../runtime/option-table.js';
import { TypedEmitter } from '../runtime/typed-emitter.js';
import { CLOSE_CODES } from '../protocol/close-codes.js';
import { encodeMessage } from '../protocol/encode.js';
import type { CustomMessage, ServerMessage, ServerMessageOf } from '../protocol/server-messages.js';
import { SUBPROTOCOL } from '../protocol/version.js';
import type { CloseFrame } from './close-frame.js';
import { Connection, type ConnectionInfo, type ConnectionOwner } from './connection.js';
import { CONNECTION_OPTIONS, type AttachmentLimits, type ConnectionManagerOptions } from './connection-options.js';
import { Expiries } from './expiries.js';
import { Heartbeat } from './heartbeat.js';
import { Places, type Slot } from './places.js';
import { EXPIRES_AT, isExpiresAt, isPrincipalId, PRINCIPAL_ID, type Principal } from './principal.js';
import type { Socket } from './socket.js';
import { describeConnection, type ConnectionStatistics } from './statistics.js';

/** Events of a {@link ConnectionManager}. */
export interface ConnectionEvents<P extends Principal, Metadata> {
  /** A connection was accepted, and `connected` was sent. */
  connect: [connection: Connection<P, Metadata>];
  /**
   * A message arrived, not yet decoded: a string for a text frame, bytes for a binary one. Listeners are called in the
   * order they were added; the listener of `createAgentSocketServer` is the first.
   */
  message: [connection: Connection<P, Metadata>, data: string | Uint8Array];
  /** A connection got newer credentials of its principal, by the message `auth` or by `connection.renew`. */
  renew: [connection: Connection<P, Metadata>];
  /** A connection is gone. */
  disconnect: [connection: Connection<P, Metadata>, close: { code: number; reason: string }];
  /** A handshake was refused. */
  refused: [refusal: HandshakeRefusal];
}

/** Why a handshake was refused. */
export interface HandshakeRefusal {
  /** `access` (Host or Origin), `malformed`, `ending` (the service ends), or the close code that the client gets. */
  readonly reason: string;
  /** The address of the client. */
  readonly remoteAddress: string | undefined;
}

/**
 * The connections of a server: accepts sockets, sends `connected`, detects dead connections, counts, and broadcasts.
 * Works with any {@link Socket}; pass what its `message` event gives to a `MessageHandler`.
 */
export class ConnectionManager<P extends Principal = Principal, Metadata = unknown>
  extends TypedEmitter<ConnectionEvents<P, Metadata>>
  implements Iterable<Connection<P, Metadata>>
{
  readonly maxConnections: number;
  readonly epoch: string;
  readonly #nodeId: string | undefined;
  readonly #epochOf: ((owner: string) => string) | undefined;
  readonly #connections = new Map<string, Connection<P, Metadata>>();
  readonly #places: Places;
  readonly #heartbeat: Heartbeat;
  readonly #expiries: Expiries;
  readonly #limits: ServerMessageOf<'connected'>['limits'];
  /** The callbacks of the connections. */
  readonly #owner: ConnectionOwner = {
    onMessage: (connection, data) => {
      this.#totalMessages++;
      this.emit('message', connection as Connection<P, Metadata>, data);
    },
    onClosed: (connection, code, reason) => {
      this.#heartbeat.remove(connection);
      this.#places.remove(connection);
      this.#expiries.remove(connection);
      if (this.#connections.delete(connection.id)) {
        this.emit('disconnect', connection as Connection<P, Metadata>, { code, reason });
      }
    },
    onRenewed: (connection) => {
      this.#expiries.add(connection);
      this.emit('renew', connection as Connection<P, Metadata>);
    },
  };
  #totalConnections = 0;
  #totalMessages = 0;

  /** @throws OptionError if an option breaks its rule. */
  constructor(options: ConnectionManagerOptions = {}) {
    const checked = checkOptions(options, CONNECTION_OPTIONS);
    super(checked.logger);
    this.maxConnections = checked.maxConnections;
    this.#places = new Places(checked.maxConnections);
    this.epoch = checked.epoch ?? randomUUID();
    this.#epochOf = checked.epochOf;
    this.#nodeId = checked.nodeId;
    this.#limits = {
      message_bytes: checked.maxMessageBytes,
      runs: checked.maxRunsPerConnection,
      heartbeat_seconds: checked.heartbeatIntervalMs / 1000,
      detach_seconds: checked.detachGraceMs / 1000,
      attachments: attachmentLimits(checked.attachments),
    };
    this.#expiries = new Expiries(checked.authExpiringMs);
    this.#heartbeat = new Heartbeat({
      intervalMs: checked.heartbeatIntervalMs,
      slowConsumerMs: checked.slowConsumerMs,
      onDead: (connection) => {
        this.logger.info({ connectionId: connection.id }, 'Connection does not answer');
        connection.terminate();
      },
    });
  }

  /** Number of connections. */
  get size(): number {
    return this.#connections.size;
  }

  /** Number of handshakes in progress that hold a place. */
  get handshakes(): number {
    return this.#places.handshakes;
  }

  /** Whether every place is taken, by connections or by handshakes in progress. */
  get isFull(): boolean {
    return this.#places.isFull;
  }

  /**
   * Takes a place for a handshake that is about to wait; `undefined` if no place is free for this address.
   * @param remoteAddress - the address of the client, also behind proxies.
   * @param isUnknown - whether the handshake waits for the client to say who it is: at most 64 of an address do.
   * @default false
   */
  reserve(remoteAddress?: string, isUnknown = false): Slot | undefined {
    return this.#places.reserve(remoteAddress, isUnknown);
  }

  /**
   * Turns a socket into a connection and sends `connected`.
   * @param slot - the reserved place; without it, a free place is needed. If none is free, the address with the most
   * connections loses its idlest one, closed with 1013, to an address that has fewer.
   * @returns `undefined` if no place was free: the socket was closed with 1013.
   * @throws OptionError if the id of the principal is not valid, or its `expiresAt` is no number.
   */
  connect(socket: Socket, info: ConnectionInfo<P, Metadata>, slot?: Slot): Connection<P, Metadata> | undefined {
    slot?.release();
    const { id, expiresAt } = info.principal;
    if (!isPrincipalId(id)) throw new OptionError('principal.id', PRINCIPAL_ID, id);
    if (!isExpiresAt(expiresAt)) throw new OptionError('principal.expiresAt', EXPIRES_AT, expiresAt);
    if (!this.#places.makeRoom(info.remoteAddress)) {
      socket.close(CLOSE_CODES.overCapacity.code, CLOSE_CODES.overCapacity.reason);
      return undefined;
    }
    const connection = new Connection(socket, info, this.#owner);
    this.#connections.set(connection.id, connection);
    this.#places.add(connection);
    this.#totalConnections++;
    this.#heartbeat.add(connection);
    connection.sendMessage({
      type: 'connected',
      connection_id: connection.id,
      message: 'Connected to Agent WebSocket',
      protocol: SUBPROTOCOL,
      epoch: this.#epochOf?.(info.principal.id) ?? this.epoch,
      principal_id: info.principal.id,
      node_id: this.#nodeId,
      limits: this.#limits,
    });
    this.#expiries.add(connection);
    this.emit('connect', connection);
    return connection;
  }

  /** Tells of a refused handshake: called by the transport. */
  refused(refusal: HandshakeRefusal): void {
    this.emit('refused', refusal);
  }

  /** Closes a connection, as {@link Connection.close} does. Returns whether it existed. */
  disconnect(id: string, close: CloseFrame = CLOSE_CODES.normal): boolean {
    const connection = this.#connections.get(id);
    connection?.close(close);
    return connection !== undefined;
  }

  /** Sends a message to one connection. Returns whether the connection existed and was open. */
  sendMessage(id: string, message: ServerMessage | CustomMessage): boolean {
    return this.#connections.get(id)?.sendMessage(message) ?? false;
  }

  /**
   * Sends a message to every connection, or to those `filter` accepts, encoded once.
   * @returns the number of connections that got the message.
   */
  broadcast(message: ServerMessage | CustomMessage, filter?: (connection: Connection<P, Metadata>) => boolean): number {
    return this.broadcastEncoded(encodeMessage(message), filter);
  }

  /** Like {@link broadcast}, for a message that is encoded already. */
  broadcastEncoded(encoded: string, filter?: (connection: Connection<P, Metadata>) => boolean): number {
    const bytes = new TextEncoder().encode(encoded);
    let sent = 0;
    for (const connection of this.#connections.values()) {
      if (filter !== undefined && !filter(connection)) continue;
      if (connection.sendEncoded(bytes)) sent++;
    }
    return sent;
  }

  /** Connections since the start. */
  get totalConnections(): number {
    return this.#totalConnections;
  }

  /** Messages of clients since the start. */
  get totalMessages(): number {
    return this.#totalMessages;
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
