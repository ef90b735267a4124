/** `<MessageRow>`: one row of the message log, a button that opens its detail. */
import { useMemo } from 'preact/hooks';
import { formatBytes, formatOffset } from '../ui/format.js';
import { useI18n } from '../ui/i18n.js';
import { Icon } from '../ui/icon.js';
import { parseMessage, type Frame } from './frames.js';
import type { Row } from './log-rows.js';

interface MessageRowProps {
  readonly row: Row;
  /** Its place among all rows, from 0. */
  readonly index: number;
  readonly total: number;
  /** Its distance from the top, in pixels. */
  readonly y: number;
  readonly isOpen: boolean;
  readonly onToggle: () => void;
}

const MAX_PREVIEW = 160;
/** A longer frame is not parsed for one line. */
const MAX_PARSED = 20_000;
const ICONS = { in: 'down', out: 'up', local: 'dot' } as const;
/** Fields that say where a message belongs. */
const FRAMING: ReadonlySet<string> = new Set(['type', 'timestamp', 'run_id', 'seq', 'request_id']);
/** Fields whose name is not shown. */
const PROSE: ReadonlySet<string> = new Set(['content', 'query', 'error', 'message', 'tool_name']);
const WARNINGS: ReadonlySet<string> = new Set(['cancelled', 'going_away', 'close', 'approval_request']);

export function MessageRow({ row, index, total, y, isOpen, onToggle }: MessageRowProps) {
  const { t } = useI18n();
  const { first, frames } = row;
  const newest = frames.at(-1) ?? first;
  const preview = useMemo(() => previewOf(newest), [newest]);
  return (
    <div
      class="row"
      role="listitem"
      aria-posinset={index + 1}
      aria-setsize={total}
      data-direction={first.direction}
      data-tone={first.type === 'error' ? 'bad' : WARNINGS.has(first.type) ? 'warn' : 'plain'}
      style={{ transform: `translateY(${y}px)` }}
    >
      <button type="button" class="row-button" aria-expanded={isOpen} data-row={row.id} onClick={onToggle}>
        <span class="row-way" title={t(`direction.${first.direction}`)}>
          <Icon name={ICONS[first.direction]} />
          <span class="visually-hidden">{t(`direction.${first.direction}`)}</span>
        </span>
        <span class="row-type">{first.type}</span>
        <span class="row-count">
          {first.source === 'plain' && <i>{t('protocol.coreShort')}</i>}
          {frames.length > 1 && <b>{t('log.folded', { count: frames.length })}</b>}
        </span>
        <span class="row-preview">{preview}</span>
        <span class="row-size">{formatBytes(row.bytes)}</span>
        <span class="row-time">{formatOffset(first.at)}</span>
      </button>
    </div>
  );
}

/** What a message says, on one line; of one that only says where it belongs, its run. */
function previewOf({ text, runId }: Frame): string {
  const message = text.length > MAX_PARSED ? undefined : parseMessage(text);
  if (message === undefined) return text.slice(0, MAX_PREVIEW);
  const said = Object.entries(message)
    .filter(([key, value]) => !FRAMING.has(key) && value !== '')
    .map(([key, value]) => {
      const brief = typeof value === 'string' ? value.replace(/\s+/g, ' ') : JSON.stringify(value);
      return PROSE.has(key) ? brief : `${key} ${brief}`;
    });
  return (said.join(' · ') || (runId ?? '')).slice(0, MAX_PREVIEW);
}
