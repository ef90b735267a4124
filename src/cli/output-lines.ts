import type { Writable } from 'node:stream';

/** Length of what a pipe takes whole, in bytes: parts of anything longer could mix with the lines of another process. */
const WHOLE_BYTES = 4_096;

/** Maximum length of what nobody has read, in UTF-16 units or bytes. */
const MAX_UNREAD = 8 * 1_024 * 1_024;

/**
 * Writes lines to standard output with few calls, none of which ends within a line.
 * @throws if too much waits for its reader
 */
export function writeLines(output: Pick<Writable, 'write' | 'writableLength'>, lines: readonly string[]): void {
  if (output.writableLength > MAX_UNREAD) throw new Error('Nobody reads standard output');
  let text = '';
  let length = 0;
  for (const line of lines) {
    const bytes = Buffer.byteLength(line);
    if (length > 0 && length + bytes > WHOLE_BYTES) {
      output.write(text);
      text = '';
      length = 0;
    }
    text += line;
    length += bytes;
  }
  if (length > 0) output.write(text);
}
