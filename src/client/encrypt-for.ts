import { isDigest, MAX_PINS, readPublicKey } from '../protocol/encryption.js';
import { ENCRYPTED_SUBPROTOCOL } from '../protocol/version.js';
import { EncryptedWebSocket } from './encrypted-web-socket.js';
import type { MessageEncryption } from './options.js';

/**
 * A key of a server: its thumbprint (RFC 7638 with SHA-256, in base64url: 43 characters), or the key as a public JWK on
 * the curve P-256.
 */
export type MessageKey =
  | string
  | { readonly kty: string; readonly crv: string; readonly x: string; readonly y: string };

/**
 * Encrypts the messages of a client for a server that holds one of these keys. Learn the key by another way than the
 * proxy that is not to read the messages: the server logs its thumbprint when it starts.
 * @param keys - one key, or up to eight while the server exchanges its keys
 * @throws TypeError for a key of another form
 */
export function encryptFor(...keys: readonly MessageKey[]): MessageEncryption {
  const pins = keys.map((key) => {
    const pin = isDigest(key) ? key : readPublicKey(key);
    if (pin === undefined) throw new TypeError('A key must be a thumbprint of 43 characters or a public JWK on P-256');
    return pin;
  });
  if (pins.length === 0 || pins.length > MAX_PINS) throw new TypeError(`There must be 1 to ${MAX_PINS} keys`);
  return { protocol: ENCRYPTED_SUBPROTOCOL, protect: (socket) => new EncryptedWebSocket(socket, pins) };
}
