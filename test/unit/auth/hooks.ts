import type { IncomingMessage } from 'node:http';

/** A handshake as far as hooks read it. */
export function request(headers: Readonly<Record<string, string>> = {}): IncomingMessage {
  return { headers, method: 'GET', url: '/ws/agent' } as unknown as IncomingMessage;
}

/** A handshake with a token. */
export function bearer(token: string, headers: Readonly<Record<string, string>> = {}): IncomingMessage {
  return request({ authorization: `Bearer ${token}`, ...headers });
}
