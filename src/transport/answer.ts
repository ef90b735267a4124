import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';

/**
 * Refuses an upgrade with an HTTP status. Browsers do not show this status to pages.
 * @param retryAfter - seconds after which the client may try again.
 */
export function answer(raw: Duplex, status: number, retryAfter?: number): void {
  raw.on('error', ignoreError);
  const text = STATUS_CODES[status] ?? '';
  const retry = retryAfter === undefined ? '' : `Retry-After: ${retryAfter}\r\n`;
  raw.end(
    `HTTP/1.1 ${status} ${text}\r\n${retry}Connection: close\r\nContent-Type: text/plain\r\nContent-Length: ${text.length}\r\n\r\n${text}`,
    () => raw.destroy(),
  );
}

/** Ignores an error: a reset during a wait must not end the process, and the stream closes by itself. */
export function ignoreError(): void {
  // Empty on purpose.
}
