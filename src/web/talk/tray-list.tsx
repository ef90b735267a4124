import { useEffect, useRef, useState } from 'preact/hooks';
import { Button } from '../ui/button.js';
import { formatBytes } from '../ui/format.js';
import { useI18n } from '../ui/i18n.js';
import { Icon } from '../ui/icon.js';
import { refusalText, type Tray, type TrayFile } from './tray.js';

/** The files of the next question, and why others were not taken. */
export function TrayList({ tray }: { readonly tray: Tray }) {
  const { t } = useI18n();
  const { files, refusals, remove } = tray;
  if (files.length + refusals.length === 0) return null;
  return (
    <div class="tray">
      {files.length > 0 && (
        <ul class="attached" id="tray-list" aria-label={t('attach.list')}>
          {files.map((file) => (
            <li key={file.name}>
              <Thumbnail file={file} />
              <span>{file.name}</span>
              <small>{formatBytes(file.file.size)}</small>
              <Button
                kind="icon"
                icon="close"
                label={t('attach.remove', { name: file.name })}
                onClick={() => {
                  remove(file);
                  document.getElementById('attach')?.focus();
                }}
              />
            </li>
          ))}
        </ul>
      )}
      {refusals.length > 0 && (
        <p class="field-problem" role="alert">
          {refusals.map(refusalText).join('\n')}
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

function Thumbnail({ file: { file, mediaType } }: { readonly file: TrayFile }) {
  const [url, setUrl] = useState<string>();
  const isImage = mediaType.startsWith('image/');
  useEffect(() => {
    if (!isImage) return undefined;
    const made = URL.createObjectURL(file);
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [file]);
  return url === undefined ? <Icon name="file" /> : <img src={url} alt="" />;
}
