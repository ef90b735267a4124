/** `<MessageDetail>`: the whole message of an open row of the log, as it was when the row was opened. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { Button } from '../ui/button.js';
import { CopyButton } from '../ui/copy-button.js';
import { formatBytes } from '../ui/format.js';
import { useI18n } from '../ui/i18n.js';
import { Json } from '../ui/json.js';
import { parseMessage, textOf } from './frames.js';
import type { Row } from './log-rows.js';

interface MessageDetailProps {
  readonly row: Row;
  /** Its distance from the top, in pixels. */
  readonly y: number;
  /** Lists the frames that hold a text. */
  readonly onFind: (text: string) => void;
  /** Its height changed, in pixels. */
  readonly onHeight: (height: number) => void;
}

/** So much of a long text is shown; the copy has all of it. */
const MAX_SHOWN = 100_000;
/** Raw frames listed under a folded row. */
const MAX_LISTED = 200;

export function MessageDetail({ row, y, onFind, onHeight }: MessageDetailProps) {
  const { t } = useI18n();
  const element = useRef<HTMLDivElement>(null);
  const [{ texts, joined, tree }] = useState(() => contentsOf(row));
  const { runId, time } = row.first;
  useEffect(() => {
    const { current } = element;
    if (current === null) return undefined;
    const observer = new ResizeObserver(() => onHeight(current.offsetHeight));
    observer.observe(current);
    return () => observer.disconnect();
  }, []);
  return (
    <div
      ref={element}
      class="detail"
      role="group"
      aria-label={t('log.detail')}
      style={{ transform: `translateY(${y}px)` }}
    >
      <div class="detail-head">
        <span class="detail-meta">{`${new Date(time).toISOString()} · ${formatBytes(row.bytes)}`}</span>
        {runId !== undefined && <Button icon="search" label={t('log.onlyRun')} onClick={() => onFind(runId)} />}
        <CopyButton text={() => row.frames.map(({ text }) => text).join('\n')} />
      </div>
      {tree}
      {texts.length > 1 && (
        <>
          <p class="detail-caption">{t('log.joined', { count: texts.length })}</p>
          <Raw text={joined} />
          <details>
            <summary>{t('log.rawFrames', { count: Math.min(texts.length, MAX_LISTED) })}</summary>
            <Raw text={texts.slice(-MAX_LISTED).join('\n')} />
          </details>
        </>
      )}
    </div>
  );
}

/** Made once: more chunks may join the row many times a second. */
function contentsOf({ frames, first }: Row) {
  const texts = frames.map(({ text }) => text);
  const message = parseMessage(first.text);
  const single = message === undefined ? <Raw text={first.text} /> : <Json value={message} />;
  return {
    texts,
    joined: texts.map((text) => textOf(parseMessage(text), 'content') ?? '').join(''),
    tree: texts.length === 1 ? single : undefined,
  };
}

function Raw({ text }: { readonly text: string }) {
  const rest = text.length - MAX_SHOWN;
  return (
    <pre class="raw" tabIndex={0}>
      {rest > 0 ? `${text.slice(0, MAX_SHOWN)}… (+${rest})` : text}
    </pre>
  );
}
