import type { Duplex } from 'node:stream';
import type { Socket } from '../connection/socket.js';
import { CLOSE_CODES, type CloseCodeInfo } from '../protocol/close-codes.js';

/** The close of a client that sends too much before it is known. */
export const TOO_MUCH: CloseCodeInfo = { ...CLOSE_CODES.tooBig, reason: 'Too much before authentication' };

/**
 * Calls `onTooMuch` when more than `most` bytes have arrived, and reads nothing from then on: a message in progress counts,
 * which the socket itself would collect up to the size of the largest message.
 * @returns a function that ends the limit
 */
export function limitInput(socket: Socket, raw: Duplex, most: number, onTooMuch: () => void): () => void {
  let received = 0;
  const end = (): void => void raw.off('data', count);
  const count = (chunk: Buffer): void => {
    received += chunk.length;
    if (received <= most) return;
    end();
    socket.pause?.();
    onTooMuch();
  };
  // Before the socket reads it.
  raw.prependListener('data', count);
  return end;
}
