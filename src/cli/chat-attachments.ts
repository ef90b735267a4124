import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, extname, join } from 'node:path';
import type { AttachmentInput, AttachmentLimits } from '../client/index.js';
import { isText } from '../runtime/is-text.js';

const PLAIN = 'text/plain';
/** Media types by file extension, for the usual files. */
const MEDIA_TYPES: Readonly<Record<string, string>> = {
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.gif': 'image/gif',
  '.webp': 'image/webp',
  '.bmp': 'image/bmp',
  '.svg': 'image/svg+xml',
  '.pdf': 'application/pdf',
  '.json': 'application/json',
  '.csv': 'text/csv',
  '.md': 'text/markdown',
  '.txt': PLAIN,
  '.html': 'text/html',
};
/** An attached file. */
interface Attached {
  readonly data: Uint8Array;
  readonly mediaType: string;
  readonly name: string;
}

/** The files for the next question. */
export class ChatAttachments {
  #files: readonly Attached[] = [];

  get names(): readonly string[] {
    return this.#files.map(({ name }) => name);
  }

  /**
   * Reads a file.
   * @param path - as a person types it: perhaps in quotes, perhaps with `~` for the home directory
   * @param limits - what the server accepts; `undefined` if it accepts nothing
   * @throws Error with the reason if the file cannot be attached
   */
  async add(path: string, limits: AttachmentLimits | undefined): Promise<void> {
    if (limits === undefined) throw new Error('The server or its model takes no attachments');
    if (this.#files.length >= limits.maxCount) {
      throw new Error(`A question may have ${limits.maxCount} attachments at most`);
    }
    const file = plainPath(path);
    const name = basename(file);
    const data = await readFile(file).catch((error: unknown) => {
      throw new Error(`${file} cannot be read: ${reasonOf(error)}`, { cause: error });
    });
    const mediaType = typeOf(name, data, limits.mediaTypes);
    if (!limits.mediaTypes.includes(mediaType)) {
      throw new Error(`${name}: ${mediaType} is not taken; these are: ${limits.mediaTypes.join(', ')}`);
    }
    if (data.length === 0) throw new Error(`${name} is empty`);
    if (data.length > limits.maxBytes) throw new Error(`${name} is larger than ${limits.maxBytes} bytes`);
    this.#files = [...this.#files, { data, mediaType, name }];
  }

  /** Returns the attached files and removes them. */
  take(): readonly AttachmentInput[] {
    const files = this.#files;
    this.#files = [];
    return files;
  }
}

/** Removes quotes and replaces `~`, as a shell would. */
function plainPath(path: string): string {
  const bare = /^(["'])(.*)\1$/.exec(path)?.[2] ?? path;
  return bare === '~' || bare.startsWith('~/') ? join(homedir(), bare.slice(1)) : bare;
}

/** The media type of a file. Any text is sent as `text/plain` if the server accepts no other text. */
function typeOf(name: string, data: Uint8Array, taken: readonly string[]): string {
  const type = MEDIA_TYPES[extname(name).toLowerCase()];
  if (type !== undefined && (taken.includes(type) || !isTextual(type))) return type;
  return isText(data) && taken.includes(PLAIN) ? PLAIN : (type ?? 'application/octet-stream');
}

function isTextual(type: string): boolean {
  return type.startsWith('text/') || type === 'application/json' || type === 'image/svg+xml';
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return (
    { ENOENT: 'there is no such file', EISDIR: 'it is a directory', EACCES: 'it may not be read' }[code ?? ''] ??
    message
  );
}
