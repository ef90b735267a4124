import { Buffer } from 'node:buffer';
import type { LlmAttachment } from '../../agent/llm-provider.js';

/** A part of a question's `content` in Chat Completions. */
export type ContentPart =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'image_url'; readonly image_url: { readonly url: string } }
  | { readonly type: 'file'; readonly file: { readonly filename: string; readonly file_data: string } };

/**
 * An attachment in the form of the API. Text files go as text. So does the address of a file, since the API accepts
 * addresses of images only.
 */
export function attachmentPart(attachment: LlmAttachment): ContentPart {
  const { type, mediaType, name, data, url } = attachment;
  if (data !== undefined && mediaType.startsWith('text/')) {
    const text = Buffer.from(data, 'base64').toString('utf8');
    return { type: 'text', text: name === undefined ? text : `${name}:\n${text}` };
  }
  const address = url ?? `data:${mediaType};base64,${data ?? ''}`;
  if (type === 'image') return { type: 'image_url', image_url: { url: address } };
  if (url !== undefined) return { type: 'text', text: name === undefined ? url : `${name}: ${url}` };
  return { type: 'file', file: { filename: name ?? `file.${mediaType.split('/')[1] ?? 'bin'}`, file_data: address } };
}
