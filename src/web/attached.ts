import type { Message } from './frames.js';
import { listOf, numberOf, textOf } from './message-fields.js';

/** An image or a file of a question, as far as the page has it. */
export interface Attached {
  /** Under which the server gives it out. */
  readonly id: string | undefined;
  readonly isImage: boolean;
  readonly mediaType: string;
  readonly name: string | undefined;
  readonly bytes: number | undefined;
  /** Where it lies, instead of bytes. The page never fetches it. */
  readonly url: string | undefined;
  /** Its bytes in base64, once they are here. */
  data: string | undefined;
  /** The server does not have it any more. */
  isGone: boolean;
}

/** What a question brings along, as a request, `run_started` or the history tells it. */
export function attachedOf(message: Message): Attached[] {
  return listOf(message, 'attachments').map((each) => {
    const data = textOf(each, 'data');
    return {
      id: textOf(each, 'attachment_id'),
      isImage: each['type'] === 'image',
      mediaType: textOf(each, 'media_type') ?? '',
      name: textOf(each, 'name'),
      bytes: numberOf(each, 'bytes') ?? (data === undefined ? undefined : bytesOf(data)),
      url: textOf(each, 'url'),
      data,
      isGone: false,
    };
  });
}

/** What the history tells, with the bytes that are here already. Nothing new is what was known. */
export function withBytesOf(told: readonly Attached[], known: readonly Attached[]): readonly Attached[] {
  if (told.length !== known.length) return told;
  if (told.every(({ id }, index) => id === known[index]?.id)) return known;
  return told.map((each, index) => ({ ...each, data: each.data ?? known[index]?.data }));
}

/** Bytes behind a text in base64. */
export function bytesOf(data: string): number {
  return (data.length / 4) * 3 - (/=*$/.exec(data)?.[0].length ?? 0);
}

/** The address of what is here, for an image or a download. */
export function dataUrl({ mediaType, data = '' }: Pick<Attached, 'mediaType' | 'data'>): string {
  return `data:${mediaType};base64,${data}`;
}
