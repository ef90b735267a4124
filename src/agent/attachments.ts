import { randomUUID } from 'node:crypto';
import { absentAttachment } from './absent-attachment.js';
import type { LlmAttachment, LlmMessage } from './llm-provider.js';
import type { LlmAttachmentType } from '../store/conversation-store.js';
import type { QueryAttachment } from '../protocol/client-messages.js';
import type {
  AttachmentBytes,
  AttachmentInfo,
  ConversationKey,
  ConversationStore,
} from '../store/conversation-store.js';

/** Maximum bytes of attachments in the chat of one request, the newest first: they are held in memory. */
const MAX_BYTES = 16_777_216;

/** The attachments of a question as the model gets them. */
export function toLlmAttachments(attachments: readonly QueryAttachment[]): LlmAttachment[] {
  return attachments.map(({ type, media_type: mediaType, name, data, url }) => ({ type, mediaType, name, data, url }));
}

/** The attachments of a question as its conversation stores them: bytes apart from descriptions. */
export function toStored(attachments: readonly QueryAttachment[]): {
  readonly infos: AttachmentInfo[];
  readonly contents: AttachmentBytes[];
} {
  const infos: AttachmentInfo[] = [];
  const contents: AttachmentBytes[] = [];
  for (const { type, media_type: mediaType, name, data, url } of attachments) {
    if (data === undefined) infos.push({ type, mediaType, name, url });
    else {
      const [id, bytes] = [randomUUID(), Buffer.from(data, 'base64')];
      infos.push({ id, type, mediaType, name, bytes: bytes.length });
      contents.push({ id, bytes });
    }
  }
  return { infos, contents };
}

/** Memory that the attachments of a chat take, in bytes. */
export function attachedBytes(chat: readonly LlmMessage[]): number {
  let bytes = 0;
  for (const message of chat) {
    if (message.role !== 'user') continue;
    for (const { data = '' } of message.attachments ?? []) bytes += data.length;
  }
  return bytes;
}

/** The attachments of a message that a model gets. */
export interface LoadedAttachments {
  readonly attachments: LlmAttachment[];
  /** A text about attachments that the model does not get; empty if it gets all. */
  readonly note: string;
}

/** Loads attachments of a conversation: of the kinds the model accepts, up to the limit in memory. */
export class AttachmentLoader {
  readonly #store: ConversationStore;
  readonly #key: ConversationKey;
  readonly #accepts: readonly LlmAttachmentType[];
  #room = MAX_BYTES;

  constructor(store: ConversationStore, key: ConversationKey, accepts: readonly LlmAttachmentType[]) {
    this.#store = store;
    this.#key = key;
    this.#accepts = accepts;
  }

  async load(infos: readonly AttachmentInfo[]): Promise<LoadedAttachments> {
    const attachments: LlmAttachment[] = [];
    const absent: string[] = [];
    for (const info of infos) {
      const loaded = this.#accepts.includes(info.type) ? await this.#loadOne(info) : undefined;
      if (loaded === undefined) absent.push(absentAttachment(info));
      else attachments.push(loaded);
    }
    return { attachments, note: absent.join('\n') };
  }

  async #loadOne({ id, type, mediaType, name, url, bytes = 0 }: AttachmentInfo): Promise<LlmAttachment | undefined> {
    if (id === undefined) return { type, mediaType, name, url };
    if (bytes > this.#room) return undefined;
    const content = await this.#store.attachment(this.#key, id);
    if (content === undefined) return undefined;
    this.#room -= content.length;
    const data = Buffer.from(content.buffer, content.byteOffset, content.length).toString('base64');
    return { id, type, mediaType, name, data };
  }
}
