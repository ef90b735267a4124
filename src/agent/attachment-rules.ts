import type { LlmAttachmentType } from '../store/conversation-store.js';
import { AgentSocketError } from '../protocol/agent-socket-error.js';
import type { Checked, OptionTable } from '../runtime/option-table.js';
import { boolean, integer, list, number } from '../runtime/rule.js';
import type { QueryAttachment } from '../protocol/client-messages.js';
import { MEDIA_TYPE } from '../protocol/media-type.js';
import { LIMITS } from '../protocol/version.js';
import { isOfType } from './file-signature.js';

/** What questions of clients may bring along. */
export interface AttachmentOptions {
  /**
   * Media types that are taken, each by its whole name in lower case.
   * @default ['image/png','image/jpeg','image/webp','image/gif','text/plain','application/pdf']
   */
  mediaTypes?: readonly string[] | undefined;
  /**
   * Size of one attachment. In bytes; all attachments of a question must fit into one message: see `maxMessageBytes`.
   * @default 524288
   */
  maxBytes?: number | undefined;
  /**
   * Attachments of one question.
   * @default 4
   */
  maxCount?: number | undefined;
  /**
   * Let an attachment be an `https:` address, which the server of the model fetches. This server never does.
   * @default false
   */
  urls?: boolean | undefined;
}

export const ATTACHMENT_OPTIONS = {
  mediaTypes: {
    text: 'Media types that are taken, each by its whole name in lower case.',
    // As clients name them: any other entry, such as "image/*", would match nothing.
    rule: list('media types such as "image/png"', (entry) => MEDIA_TYPE.test(entry)),
    default: ['image/png', 'image/jpeg', 'image/webp', 'image/gif', 'text/plain', 'application/pdf'],
  },
  maxBytes: { text: 'Size of one attachment.', rule: number({ least: 1, integer: true }, 'bytes'), default: 524_288 },
  maxCount: { text: 'Attachments of one question.', rule: integer(0, LIMITS.attachments), default: 4 },
  urls: {
    text: 'Let an attachment be an `https:` address, which the server of the model fetches.',
    rule: boolean,
    default: false,
  },
} as const satisfies OptionTable<AttachmentOptions>;

/** The checked options, with their defaults. */
export type AttachmentRules = Checked<AttachmentOptions, typeof ATTACHMENT_OPTIONS>;

/** The rules if questions may have no attachments. */
export const NO_ATTACHMENTS: AttachmentRules = { mediaTypes: [], maxBytes: 0, maxCount: 0, urls: false };

/** The rules as clients are told them; `undefined` if no attachments are accepted. */
export function describeRules(
  rules: AttachmentRules,
  accepts: readonly LlmAttachmentType[],
): AttachmentRules | undefined {
  const mediaTypes = rules.mediaTypes.filter((type) => accepts.includes(kindOf(type)));
  return mediaTypes.length === 0 || rules.maxCount === 0 ? undefined : { ...rules, mediaTypes };
}

/**
 * Checks the attachments of a question.
 * @param accepts - the kinds the model accepts
 * @throws AgentSocketError `unsupported_content`
 */
export function checkAttachments(
  attachments: readonly QueryAttachment[],
  rules: AttachmentRules,
  accepts: readonly LlmAttachmentType[],
): void {
  if (attachments.length > rules.maxCount) {
    refuse(
      rules.maxCount === 0
        ? 'This server takes no attachments'
        : `A question may have ${rules.maxCount} attachments at most`,
    );
  }
  for (const [index, attachment] of attachments.entries()) {
    const name = attachment.name === undefined ? `Attachment ${index + 1}` : JSON.stringify(attachment.name);
    checkAttachment(name, attachment, rules, accepts);
  }
}

function checkAttachment(
  name: string,
  { type, media_type: mediaType, data }: QueryAttachment,
  { mediaTypes, maxBytes, urls }: AttachmentRules,
  accepts: readonly LlmAttachmentType[],
): void {
  if (!accepts.includes(type)) refuse(`${name}: the model takes no ${type === 'image' ? 'images' : 'files'}`);
  if (!mediaTypes.includes(mediaType)) {
    refuse(`${name}: ${mediaType} is not taken; these are: ${mediaTypes.join(', ')}`);
  }
  if (type !== kindOf(mediaType))
    refuse(`${name}: ${mediaType} belongs to an attachment of type "${kindOf(mediaType)}"`);
  if (data === undefined) {
    if (!urls) refuse(`${name}: send the bytes; addresses are not taken`);
    return;
  }
  // Computed from the length of the base64 text, before it is decoded.
  const bytes = Math.floor((data.length / 4) * 3);
  if (bytes > maxBytes + 2) refuse(`${name}: it is larger than ${maxBytes} bytes`);
  const content = Buffer.from(data, 'base64');
  if (content.length > maxBytes) refuse(`${name}: it is larger than ${maxBytes} bytes`);
  if (!isOfType(content, mediaType)) refuse(`${name}: its bytes are not those of ${mediaType}`);
}

function kindOf(mediaType: string): LlmAttachmentType {
  return mediaType.startsWith('image/') ? 'image' : 'file';
}

function refuse(message: string): never {
  throw new AgentSocketError('unsupported_content', message);
}
