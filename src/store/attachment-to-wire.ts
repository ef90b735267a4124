import type { AttachmentInfo } from './conversation-store.js';

/** An attachment as clients get it. */
export function attachmentToWire({ id, type, mediaType, name, bytes, url }: AttachmentInfo) {
  return { attachment_id: id, type, media_type: mediaType, name, bytes, url };
}
