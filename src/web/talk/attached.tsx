import { useEffect, useRef, useState } from 'preact/hooks';
import type { AgentClient } from '../../client/index.js';
import { useAttachment, type FilePart } from '../../client/react.js';
import { formatBytes } from '../ui/format.js';
import { useI18n } from '../ui/i18n.js';
import { Icon } from '../ui/icon.js';

interface AttachedProps {
  readonly client: AgentClient;
  readonly conversationId: string;
  readonly files: readonly FilePart[];
}

/** The images and files of a question. */
export function Attached({ client, conversationId, files }: AttachedProps) {
  const { t } = useI18n();
  if (files.length === 0) return null;
  return (
    <ul class="attached" aria-label={t('attached.label')}>
      {files.map((file) => (
        <AttachedFile key={file.id} client={client} conversationId={conversationId} file={file} />
      ))}
    </ul>
  );
}

interface AttachedFileProps extends Omit<AttachedProps, 'files'> {
  readonly file: FilePart;
}

/** An image is fetched as soon as it comes into sight, any other file as soon as it is wanted. */
function AttachedFile({ client, conversationId, file }: AttachedFileProps) {
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
  const name = file.name ?? file.url ?? file.mediaType;
  return (
    <li ref={item}>
      {isNeeded ? (
        <FetchedFile client={client} conversationId={conversationId} file={file} name={name} />
      ) : (
        <a
          href="#"
          onClick={(event) => {
            event.preventDefault();
            setNeeded(true);
          }}
        >
          <Icon name={isImage ? 'image' : 'file'} />
          <span>{name}</span>
          <small>{file.bytes !== undefined && formatBytes(file.bytes)}</small>
        </a>
      )}
    </li>
  );
}

function FetchedFile({ client, conversationId, file, name }: AttachedFileProps & { readonly name: string }) {
  const { t } = useI18n();
  const link = useRef<HTMLAnchorElement>(null);
  const { url, error } = useAttachment(client, conversationId, file);
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
    <a ref={link} {...(url !== undefined && { href: url })} {...target}>
      {isImage && url !== undefined ? <img src={url} alt={name} /> : <Icon name={isImage ? 'image' : 'file'} />}
      <span>{name}</span>
      <small>{error !== undefined ? t('attached.gone') : file.bytes !== undefined && formatBytes(file.bytes)}</small>
    </a>
  );
}
