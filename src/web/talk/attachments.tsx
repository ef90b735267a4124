import { useEffect, useRef, useState } from 'preact/hooks';
import type { AttachmentLimits } from '../../client/index.js';
import { useAttachment, useConnection, type FilePart } from '../../client/react.js';
import type { TextKey } from '../locale/texts.js';
import { useClient } from '../page.js';
import { Button } from '../ui/button.js';
import { formatBytes } from '../ui/format.js';
import { useI18n, type TextValues } from '../ui/i18n.js';
import { Icon } from '../ui/icon.js';

/** A file that goes with the next question. */
interface TrayFile {
  readonly file: File;
  readonly mediaType: string;
  readonly name: string;
}

/** Why a file is not taken. */
type Refusal = readonly [TextKey, TextValues];

/** The files of the next question: from a button, the clipboard, or dropped on the page. */
export type Tray = ReturnType<typeof useTray>;

const MAX_NAME = 255;
/** Bytes of a message that are left to the question and the other fields. */
const ROOM = 16_384;

/** @param onFilled - called after files came, which belong to a question */
export function useTray(onFilled: () => void) {
  const { greeting, state } = useConnection(useClient());
  /** What the server takes; `undefined` if it takes nothing. */
  const limits = state === 'closed' ? undefined : greeting?.attachments;
  const [files, setFiles] = useState<readonly TrayFile[]>([]);
  const [refusals, setRefusals] = useState<readonly Refusal[]>([]);
  /** Files may come faster than the component renders. */
  const newest = useRef(files);
  const fill = (kept: readonly TrayFile[], refused: readonly Refusal[] = []): void => {
    newest.current = kept;
    setFiles(kept);
    setRefusals(refused);
  };
  const add = (added: readonly File[]): void => {
    if (limits === undefined || greeting === undefined || added.length === 0) return;
    const taken = [...newest.current];
    const refused: Refusal[] = [];
    for (const file of added) {
      const one = take(file, taken, limits, greeting.maxMessageBytes);
      if ('file' in one) taken.push(one);
      else refused.push(one);
    }
    fill(taken, refused);
    onFilled();
  };
  useEffect(() => receiveFiles(limits !== undefined, add));
  return {
    files,
    refusals,
    limits,
    attachments: files.map(({ file: data, mediaType, name }) => ({ data, mediaType, name })),
    add,
    remove: (file: TrayFile) => fill(newest.current.filter((each) => each !== file)),
    clear: () => fill([]),
  };
}

/** The file as it is sent, or why the server would not take it. */
function take(
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
  const { dataset } = document.documentElement;
  const ending = new AbortController();
  const on = <Type extends 'paste' | 'dragover' | 'dragleave' | 'drop'>(
    type: Type,
    listener: (event: DocumentEventMap[Type]) => void,
  ): void => document.addEventListener(type, listener, { signal: ending.signal });
  const bringsFiles = ({ dataTransfer }: DragEvent): boolean =>
    isWelcome && dataTransfer?.types.includes('Files') === true;
  on('paste', (event) => {
    const { clipboardData } = event;
    if (clipboardData === null || !isWelcome || document.querySelector('dialog[open]') !== null) return;
    // Office programs bring a picture of the text along: then the text was meant.
    const isText = clipboardData.types.includes('text/html') && clipboardData.types.includes('text/plain');
    if (clipboardData.files.length === 0 || isText) return;
    event.preventDefault();
    add([...clipboardData.files]);
  });
  on('dragover', (event) => {
    if (!bringsFiles(event)) return;
    // The browser would open the file in place of the page.
    event.preventDefault();
    dataset['dropping'] = '';
  });
  on('dragleave', ({ relatedTarget }) => {
    // Within the page the next element is named.
    if (relatedTarget === null) delete dataset['dropping'];
  });
  on('drop', (event) => {
    delete dataset['dropping'];
    if (!bringsFiles(event)) return;
    event.preventDefault();
    add([...(event.dataTransfer?.files ?? [])]);
  });
  return () => ending.abort();
}

/** The files of the next question, and why others were not taken. */
export function TrayList({ tray: { files, refusals, remove } }: { readonly tray: Tray }) {
  const { t } = useI18n();
  if (files.length + refusals.length === 0) return null;
  return (
    <div class="tray">
      {files.length > 0 && (
        <ul class="attached line wrap plain" id="tray-list" aria-label={t('attach.list')}>
          {files.map((each) => (
            <li key={each.name} class="line card tiny">
              <Thumbnail {...each} />
              <span class="ellipsis">{each.name}</span>
              <small class="muted">{formatBytes(each.file.size)}</small>
              <Button
                kind="icon"
                icon="close"
                label={t('attach.remove', { name: each.name })}
                onClick={() => remove(each)}
              />
            </li>
          ))}
        </ul>
      )}
      {refusals.length > 0 && (
        <p class="problem" role="alert">
          {refusals.map(([key, values]) => t(key, values)).join('\n')}
        </p>
      )}
    </div>
  );
}

/** The button that opens the files of the computer. Pasting and dropping work as well. */
export function TrayButton({ tray: { limits, add } }: { readonly tray: Tray }) {
  const { t } = useI18n();
  const input = useRef<HTMLInputElement>(null);
  if (limits === undefined) return null;
  return (
    <>
      <Button kind="icon" icon="attach" id="attach" label={t('attach.button')} onClick={() => input.current?.click()} />
      <input
        ref={input}
        type="file"
        multiple
        hidden
        accept={limits.mediaTypes.join(',')}
        onChange={({ currentTarget }) => {
          add([...(currentTarget.files ?? [])]);
          // The same file can be chosen again.
          currentTarget.value = '';
        }}
      />
    </>
  );
}

function Thumbnail({ file, mediaType }: TrayFile) {
  const [url, setUrl] = useState<string>();
  useEffect(() => {
    if (!mediaType.startsWith('image/')) return undefined;
    const made = URL.createObjectURL(file);
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [file]);
  return url === undefined ? <Icon name="file" /> : <img src={url} alt="" />;
}

interface AttachedProps {
  readonly conversationId: string;
  readonly file: FilePart;
}

/** An image or a file of a question. An image is fetched when it comes into sight, any other file when it is wanted. */
export function Attached({ conversationId, file }: AttachedProps) {
  const item = useRef<HTMLLIElement>(null);
  const [isNeeded, setNeeded] = useState(file.blob !== undefined || file.url !== undefined);
  const isImage = file.kind === 'image';
  useEffect(() => {
    if (!isImage || item.current === null) return undefined;
    const observer = new IntersectionObserver((entries) => {
      if (entries.some(({ isIntersecting }) => isIntersecting)) setNeeded(true);
    });
    observer.observe(item.current);
    return () => observer.disconnect();
  }, [isImage]);
  const fetchIt = (event: Event): void => {
    event.preventDefault();
    setNeeded(true);
  };
  return (
    <li ref={item} class="card tiny">
      {isNeeded ? (
        <Fetched conversationId={conversationId} file={file} />
      ) : (
        <a class="item" href="#" onClick={fetchIt}>
          <Icon name={isImage ? 'image' : 'file'} />
          <Named file={file} />
        </a>
      )}
    </li>
  );
}

function Fetched({ conversationId, file }: AttachedProps) {
  const link = useRef<HTMLAnchorElement>(null);
  const { url, error } = useAttachment(useClient(), conversationId, file);
  const isImage = file.kind === 'image' && file.url === undefined;
  // A click before the bytes are here counts as soon as they are.
  const isWanted = useRef(!isImage && file.blob === undefined && file.url === undefined);
  useEffect(() => {
    if (url === undefined || !isWanted.current) return;
    isWanted.current = false;
    link.current?.click();
  }, [url]);
  const target =
    file.url === undefined
      ? { download: file.name ?? `attachment.${file.mediaType.split('/')[1] ?? 'bin'}` }
      : { target: '_blank', rel: 'noopener noreferrer' };
  return (
    <a class="item" ref={link} {...(url !== undefined && { href: url })} {...target}>
      {isImage && url !== undefined ? <img src={url} alt={nameOf(file)} /> : <Icon name={isImage ? 'image' : 'file'} />}
      <Named file={file} isGone={error !== undefined} />
    </a>
  );
}

function Named({ file, isGone = false }: { readonly file: FilePart; readonly isGone?: boolean }) {
  const { t } = useI18n();
  return (
    <>
      <span class="ellipsis">{nameOf(file)}</span>
      <small class="muted">{isGone ? t('attached.gone') : file.bytes !== undefined && formatBytes(file.bytes)}</small>
    </>
  );
}

function nameOf({ name, url, mediaType }: FilePart): string {
  return name ?? url ?? mediaType;
}
