import type { QueryAttachment } from '../protocol/client-messages.js';

/**
 * An image or a file of a question: a `File` or another `Blob`, bytes (such as a `Buffer`), base64, or an `https:`
 * address if the server accepts addresses.
 */
export type AttachmentInput =
  | Blob
  | {
      readonly data: Blob | ArrayBuffer | Uint8Array | string;
      /** @default the type of a `Blob` */
      readonly mediaType?: string | undefined;
      /** @default the name of a `File` */
      readonly name?: string | undefined;
    }
  | { readonly url: string; readonly mediaType: string; readonly name?: string | undefined };

/** Encodes attachments for sending: at once, or after the bytes of files have been read. */
export function encodeAttachments(inputs: readonly AttachmentInput[]): QueryAttachment[] | Promise<QueryAttachment[]> {
  const described = inputs.map(describeAttachment);
  return described.some(({ data }) => isBlob(data)) ? Promise.all(described.map(read)) : described.map(encode);
}

/** Decodes base64. */
export function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

/** Name, type and bytes of an attachment, as the caller gave them. */
export function describeAttachment(input: AttachmentInput) {
  const { data, url, mediaType, name }: Given = isBlob(input) ? { data: input } : input;
  const file: { type?: string; name?: string } = isBlob(data) ? data : {};
  // Browsers add the character set to the type of text files.
  const media_type = (mediaType ?? file.type)?.split(';')[0] || 'application/octet-stream';
  const type = media_type.startsWith('image/') ? ('image' as const) : ('file' as const);
  return { type, media_type, name: (name ?? file.name) || undefined, data, url };
}

interface Given {
  readonly data?: Blob | ArrayBuffer | Uint8Array | string;
  readonly url?: string;
  readonly mediaType?: string | undefined;
  readonly name?: string | undefined;
}

type Described = ReturnType<typeof describeAttachment>;

async function read(described: Described): Promise<QueryAttachment> {
  const { data } = described;
  return encode(isBlob(data) ? { ...described, data: await data.arrayBuffer() } : described);
}

function encode({ data, ...described }: Described): QueryAttachment {
  return { ...described, data: data === undefined || typeof data === 'string' ? data : base64Of(data as Uint8Array) };
}

function isBlob(value: unknown): value is Blob {
  return typeof value === 'object' && value !== null && 'arrayBuffer' in value;
}

/** Encoded in pieces, since the number of arguments of a call is limited. */
function base64Of(data: ArrayBuffer | Uint8Array): string {
  const bytes = new Uint8Array(data);
  let text = '';
  for (let at = 0; at < bytes.length; at += 8_192) text += String.fromCharCode(...bytes.subarray(at, at + 8_192));
  return btoa(text);
}
