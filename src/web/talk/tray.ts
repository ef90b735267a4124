import { useEffect, useState } from 'preact/hooks';
import type { AttachmentInput, AttachmentLimits } from '../../client/index.js';
import type { AgentClient } from '../../client/client.js';
import { useConnection } from '../../client/react.js';
import { formatBytes } from '../ui/format.js';
import { currentI18n, type TextValues } from '../ui/i18n.js';
import type { TextKey } from '../locale/texts.js';

/** A file that goes with the next question. */
export interface TrayFile {
  readonly file: File;
  readonly mediaType: string;
  readonly name: string;
}

/** Why a file is not taken. */
export type Refusal = readonly [TextKey, TextValues];

/** The files of the next question: from a button, the clipboard, or dropped on the page. */
export interface Tray {
  readonly files: readonly TrayFile[];
  readonly refusals: readonly Refusal[];
  /** What the server takes; `undefined` if it takes nothing. */
  readonly limits: AttachmentLimits | undefined;
  readonly attachments: readonly AttachmentInput[];
  readonly add: (files: readonly File[]) => void;
  readonly remove: (file: TrayFile) => void;
  readonly clear: () => void;
}

const MAX_NAME = 255;
/** Bytes of a message that are left to the question and the other fields. */
const ROOM = 16_384;

/** @param onFilled - called after files came, which belong to a question */
export function useTray(client: AgentClient, onFilled: () => void): Tray {
  const { greeting, state } = useConnection(client);
  const limits = state === 'closed' ? undefined : greeting?.attachments;
  const [files, setFiles] = useState<readonly TrayFile[]>([]);
  const [refusals, setRefusals] = useState<readonly Refusal[]>([]);
  const add = (added: readonly File[]): void => {
    if (limits === undefined || greeting === undefined || added.length === 0) return;
    const taken = [...files];
    const refused: Refusal[] = [];
    for (const file of added) {
      const one = take(file, taken, limits, greeting.maxMessageBytes);
      if ('file' in one) taken.push(one);
      else refused.push(one);
    }
    setFiles(taken);
    setRefusals(refused);
    onFilled();
  };
  useEffect(() => receiveFiles(limits !== undefined, add));
  return {
    files,
    refusals,
    limits,
    attachments: files.map(({ file: data, mediaType, name }) => ({ data, mediaType, name })),
    add,
    remove: (file) => {
      setFiles(files.filter((each) => each !== file));
      setRefusals([]);
    },
    clear: () => {
      setFiles([]);
      setRefusals([]);
    },
  };
}

/** A refusal in the language of the page. */
export function refusalText([key, values]: Refusal): string {
  return currentI18n().t(key, values);
}

/** The file as it is sent, or why the server would not take it. */
export function take(
  file: File,
  taken: readonly TrayFile[],
  { mediaTypes, maxBytes, maxCount }: AttachmentLimits,
  maxMessageBytes: number,
): TrayFile | Refusal {
  const name = file.name.slice(-MAX_NAME) || 'file';
  const mediaType = takenAs(file.type, mediaTypes);
  if (mediaType === undefined) {
    return ['attach.type', { name, type: file.type || '?', types: mediaTypes.join(', ') }];
  }
  if (file.size === 0) return ['attach.empty', { name }];
  if (file.size > maxBytes) return ['attach.large', { name, max: formatBytes(maxBytes) }];
  if (taken.length >= maxCount) return ['attach.many', { name, max: maxCount }];
  // In base64 three bytes are four characters.
  const characters = [...taken, { file }].reduce((sum, { file: { size } }) => sum + Math.ceil(size / 3) * 4, 0);
  if (characters > maxMessageBytes - ROOM) return ['attach.together', { name, max: formatBytes(maxMessageBytes) }];
  return { file, mediaType, name };
}

/** The media type a file is sent as. Text of any kind is plain text to a server that takes that. */
function takenAs(type: string, taken: readonly string[]): string | undefined {
  const plain = type.split(';')[0]?.trim().toLowerCase() ?? '';
  if (taken.includes(plain)) return plain;
  const isText = plain.startsWith('text/') || plain === 'application/json';
  return isText && taken.includes('text/plain') ? 'text/plain' : undefined;
}

/** Takes what is pasted or dropped anywhere on the page. Returns the function that ends it. */
function receiveFiles(isWelcome: boolean, add: (files: readonly File[]) => void): () => void {
  const page = document.documentElement;
  const leave = (): void => {
    delete page.dataset['dropping'];
  };
  const bringsFiles = ({ dataTransfer }: DragEvent): boolean =>
    isWelcome && dataTransfer?.types.includes('Files') === true;
  const listeners = {
    paste: (event: ClipboardEvent): void => {
      const { clipboardData } = event;
      if (clipboardData === null || !isWelcome || document.querySelector('dialog[open]') !== null) return;
      // Office programs bring a picture of the text along: then the text was meant.
      const isText = clipboardData.types.includes('text/html') && clipboardData.types.includes('text/plain');
      if (clipboardData.files.length === 0 || isText) return;
      event.preventDefault();
      add([...clipboardData.files]);
    },
    dragover: (event: DragEvent): void => {
      if (!bringsFiles(event)) return;
      // The browser would open the file in place of the page.
      event.preventDefault();
      page.dataset['dropping'] = '';
    },
    dragleave: (event: DragEvent): void => {
      // Within the page the next element is named.
      if (event.relatedTarget === null) leave();
    },
    drop: (event: DragEvent): void => {
      leave();
      if (!bringsFiles(event)) return;
      event.preventDefault();
      add([...(event.dataTransfer?.files ?? [])]);
    },
  };
  const all = new AbortController();
  for (const [type, listener] of Object.entries(listeners)) {
    document.addEventListener(type, listener as (event: Event) => void, { signal: all.signal });
  }
  return () => all.abort();
}
