import type { Connection } from './connection.js';

/** One connection in {@link ConnectionStatistics}. */
export interface ConnectionRecord {
  id: string;
  /** Unix time in seconds. */
  connected_at: number;
  /** Messages received from the connection. */
  message_count: number;
  /** Seconds since the connection was accepted. */
  uptime: number;
}

/** What `GET /ws/statistics` answers. */
export interface ConnectionStatistics {
  active_connections: number;
  /** Connections accepted since the start. */
  total_connections: number;
  /** Messages received since the start. */
  total_messages: number;
  connections: ConnectionRecord[];
}

export function describeConnection(connection: Connection, nowMs: number): ConnectionRecord {
  return {
    id: connection.id,
    connected_at: connection.connectedAt / 1000,
    message_count: connection.messageCount,
    uptime: Math.max(0, nowMs - connection.connectedAt) / 1000,
  };
}
