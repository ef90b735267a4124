import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';

/** Refuses an upgrade with an HTTP status, which only clients that are no browsers can read. */
export function answer(raw: Duplex, status: number): void {
  raw.on('error', ignoreError);
  const text = STATUS_CODES[status] ?? '';
  raw.end(
    `HTTP/1.1 ${status} ${text}\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: ${text.length}\r\n\r\n${text}`,
    () => raw.destroy(),
  );
}

/** A reset while we wait must not end the process; the stream closes by itself. */
export function ignoreError(): void {
  // Nothing to be done.
}
