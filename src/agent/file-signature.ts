import { isText } from '../runtime/is-text.js';

/** First bytes of file types: "Media Types" of the WHATWG MIME Sniffing Standard, section 6. */
const SIGNATURES: Readonly<Record<string, (bytes: Buffer) => boolean>> = {
  'image/png': (bytes) => begins(bytes, '\x89PNG\r\n\x1a\n'),
  'image/jpeg': (bytes) => begins(bytes, '\xff\xd8\xff'),
  'image/gif': (bytes) => begins(bytes, 'GIF87a') || begins(bytes, 'GIF89a'),
  'image/webp': (bytes) => begins(bytes, 'RIFF') && begins(bytes.subarray(8), 'WEBPVP'),
  'image/bmp': (bytes) => begins(bytes, 'BM'),
  'application/pdf': (bytes) => begins(bytes, '%PDF-'),
};

/** Whether the first bytes of a file match its media type; `true` for types without a signature. */
export function isOfType(bytes: Buffer, mediaType: string): boolean {
  if (bytes.length === 0) return false;
  if (mediaType.startsWith('text/')) return isText(bytes);
  return SIGNATURES[mediaType]?.(bytes) ?? true;
}

function begins(bytes: Buffer, signature: string): boolean {
  return bytes.subarray(0, signature.length).equals(Buffer.from(signature, 'latin1'));
}
