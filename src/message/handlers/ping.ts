import type { Handler } from '../handler-context.js';

/** Answers `pong`. */
export const handlePing: Handler<'ping'> = (_context, connection, message) => {
  connection.sendMessage({ type: 'pong', timestamp: connection.timestamp(), request_id: message.request_id });
};
