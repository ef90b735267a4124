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

/** Attachments as they are sent: at once, or after their bytes have been read. */
export type EncodedAttachments = QueryAttachment[] | Promise<QueryAttachment[]>;

/** Encodes attachments for sending. */
export function encodeAttachments(inputs: readonly AttachmentInput[]): EncodedAttachments {
  const encoded = inputs.map(encode);
  return encoded.every(isEncoded) ? encoded : Promise.all(encoded.map((one) => Promise.resolve(one)));
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

function encode(input: AttachmentInput): QueryAttachment | Promise<QueryAttachment> {
  const { data, ...described } = describeAttachment(input);
  const whole = (bytes: ArrayBuffer | Uint8Array): QueryAttachment => ({ ...described, data: base64Of(bytes) });
  if (data === undefined || typeof data === 'string') return { ...described, data };
  return isBlob(data) ? data.arrayBuffer().then(whole) : whole(data);
}

function isEncoded(one: QueryAttachment | Promise<QueryAttachment>): one is QueryAttachment {
  return 'type' in one;
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
