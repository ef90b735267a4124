import type { Server as HttpServer } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import type { Socket } from 'node:net';
import { addressKey } from '../runtime/address-key.js';
import { Shares } from '../runtime/shares.js';
import { isClaimed } from './upgrade-events.js';

/**
 * Bounds the sockets of a server that are not WebSockets: those that send requests, take answers, or neither. If one more
 * comes, the address with the most loses its oldest one, so that nobody can keep others out.
 */
export function boundHttpSockets(server: HttpServer | HttpsServer, most: number): void {
  /** By the address and port of the peer, since TLS puts another socket in the place of the first. Oldest first. */
  const sockets = new Map<string, Socket>();
  const take = (socket: Socket): void => {
    const name = `${socket.remoteAddress ?? ''} ${socket.remotePort ?? ''}`;
    if (!sockets.has(name)) socket.once('close', () => sockets.delete(name));
    sockets.set(name, socket);
    if (sockets.size <= most) return;
    // A WebSocket never becomes an HTTP socket again.
    for (const [key, one] of sockets) if (isClaimed(one)) sockets.delete(key);
    if (sockets.size > most) oldestOfMost(sockets.values())?.destroy();
  };
  server.on('connection', take);
  server.on('secureConnection', take);
}

/** The oldest socket of the address that has the most. */
function oldestOfMost(sockets: Iterable<Socket>): Socket | undefined {
  const shares = new Shares();
  const all = [...sockets];
  for (const { remoteAddress } of all) shares.add(addressKey(remoteAddress), 1);
  let found: Socket | undefined;
  for (const socket of all) {
    const held = shares.of(addressKey(socket.remoteAddress));
    if (found === undefined || held > shares.of(addressKey(found.remoteAddress))) found = socket;
  }
  return found;
}
