import type { IncomingMessage, Server as HttpServer } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import type { Duplex } from 'node:stream';
import { ignoreError } from './answer.js';
import { answerUnderWay } from './upgrade-events.js';

/**
 * Gives a request back to its server as an ordinary one: a server may ignore an upgrade (RFC 9110, 7.8). Node 20 gives
 * every request with an `Upgrade` header to the `upgrade` listeners if there are any, and some HTTP clients offer h2c
 * with every request. The socket starts again with the request in front, in Node's documented way to inject a
 * connection: listeners of the server see the connection a second time.
 */
export function handBack(
  server: HttpServer | HttpsServer,
  { method = '', url = '', httpVersion, rawHeaders }: IncomingMessage,
  raw: Duplex,
  head: Buffer,
): void {
  let text = `${method} ${url} HTTP/${httpVersion}\r\n`;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? '';
    if (name.toLowerCase() !== 'upgrade') text += `${name}: ${rawHeaders[index + 1] ?? ''}\r\n`;
  }
  raw.unshift(Buffer.concat([Buffer.from(`${text}\r\n`, 'latin1'), head]));
  const again = (): void => {
    // A socket that is gone would be a connection that never closes to whoever counts them.
    if (raw.destroyed) return;
    raw.off('error', ignoreError);
    server.emit('encrypted' in raw ? 'secureConnection' : 'connection', raw);
  };
  const earlier = answerUnderWay(raw);
  if (earlier === undefined) return again();
  // A new connection does not know of the answer that the old one still sends, and would never send its own.
  raw.on('error', ignoreError);
  earlier.once('close', again);
}
